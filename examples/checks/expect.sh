#!/bin/sh
# Runs an example and compares what it prints with the file of that name under expected/, byte for byte.
#
#   expect.sh [--sorted] [--stderr PATTERN] EXPECTED PROGRAM [ARGUMENT...]
#
# --sorted   compares the sorted lines: for a program whose goroutines print in any order
# --stderr   some line on stderr must match PATTERN; without it nothing may be printed there
set -eu

order=cat
pattern=
while :; do
    case $1 in
        --sorted) order=sort; shift ;;
        --stderr) pattern=$2; shift 2 ;;
        *) break ;;
    esac
done
expected=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

status=0
"$@" >"$work/out" 2>"$work/err" || status=$?

fail() {
    echo "expect: $*; its stderr:" >&2
    cat "$work/err" >&2
    exit 1
}

[ "$status" -eq 0 ] || fail "the program ended with status $status"

$order "$expected" >"$work/expected"
$order "$work/out" | diff -u "$work/expected" - || fail "the output differs from $expected"

if [ -n "$pattern" ]; then
    grep -Eq -- "$pattern" "$work/err" || fail "no line on stderr matches '$pattern'"
else
    [ ! -s "$work/err" ] || fail "nothing was expected on stderr"
fi
