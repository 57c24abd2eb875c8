#!/bin/sh
# Counts what one operation of program_instructions takes, in instructions, and fails above its bound.
#
#   count.sh PROGRAM OPERATION COMPILER BOUNDS
#
# COMPILER is the one that built the program, as a column of the file BOUNDS is named; see there. Callgrind counts the
# whole process, so the count of a short run is taken off that of a long one: what is left has no start and no end in it.
# The figures repeat to a tenth of a per cent, however busy the machine is. Only the monitor's thread goes by the clock,
# and what it does comes on top; so a count that is too high is taken again, and the smallest of either run counts.
set -eu
export LC_ALL=C
program=$1 operation=$2 compiler=$3 bounds=$4
short=1000 long=31000

if ! command -v valgrind > /dev/null; then
    echo "skipped: valgrind is not installed, so no instructions were counted"
    exit 77
fi

bound=$(awk -v name="$operation" -v compiler="$compiler" '
    $1 == "operation" { for (i = 2; i <= NF; ++i) if ($i == compiler) column = i }
    $1 == name && column { print $column }
    $1 == name && !column { largest = 0; for (i = 2; i <= NF; ++i) if ($i > largest) largest = $i; print int(largest * 1.2) }
' "$bounds")
if [ -z "$bound" ]; then
    echo "count: $bounds has no bound for $operation" >&2
    exit 1
fi

counted() {
    said=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$operation" "$1" 2>&1) || {
        echo "$said" >&2
        return 1
    }
    echo "$said" | sed -n 's/.*Collected : //p'
}

few= many=
for attempt in 1 2 3 4 5; do
    count=$(counted $short)
    [ -n "$few" ] && [ "$few" -le "$count" ] || few=$count
    count=$(counted $long)
    [ -n "$many" ] && [ "$many" -le "$count" ] || many=$count
    each=$(((many - few) / (long - short)))
    echo "$operation: $each instructions each, bound $bound ($compiler)"
    [ "$each" -le 0 ] || [ "$each" -gt "$bound" ] || exit 0
done
echo "count: $operation takes $each instructions, and $bound are allowed. Which ones are new:" >&2
echo "  valgrind --tool=callgrind --dump-instr=yes $program $operation $long && callgrind_annotate callgrind.out.*" >&2
exit 1
