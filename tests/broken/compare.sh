#!/bin/sh
# Runs a broken program, and compares how it ends and every line it writes to stderr with what is expected.
#
#   compare.sh EXPECTED PROGRAM [ARGUMENT...]
#
# EXPECTED says in its first line how the program ends, `exit N` or `signal N`; the rest is its stderr, where ids and
# addresses are N, paths of files and how long one has waited are left out, a stack, which depends on how it was built,
# is one word, and the lines of goroutines come last, in the order of the alphabet, since their ids are not always given
# in the same order. So a ring of those who wait for each other begins with the first by the alphabet, and goes round as
# it was written. With GOFER_WRITE_EXPECTED set, EXPECTED is written instead.
set -eu
export LC_ALL=C
ulimit -c 0

expected=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$@" >/dev/null 2>"$work/err" || status=$?
{
    if [ "$status" -gt 128 ]; then
        echo "signal $((status - 128))"
    else
        echo "exit $status"
    fi
    sed -E \
        -e '/^Aborted/d' \
        -e 's/(goroutine|thread|worker|goroutines) [0-9]+(, [0-9]+)*/\1 N/g' \
        -e 's/0x[0-9a-f]+/N/g' \
        -e 's/, (for|up to) [0-9.]+ [a-z]+$//' \
        -e 's|[^[:space:]]*/tests/broken/||g' \
        "$work/err" | awk '
            /\[running\]:$/ { print; stack = 1; frames = 0; next }
            stack && /^created by/ { print(frames ? "(stack)" : "(no stack)"); stack = 0 }
            stack && /^  "/ { print; next }
            stack { ++frames; next }
            { print }' >"$work/normal" # "Aborted" is the shell's
    grep -v '^  goroutine' "$work/normal" | awk '
        BEGIN { n = first = 0 }
        /^goroutine N .* holds .* and waits for .*,$/ { sub(/,$/, ""); ring[n++] = $0; next }
        n > 0 {
            ring[n++] = $0
            for (i = 1; i < n; ++i) if (ring[i] < ring[first]) first = i
            for (i = 0; i < n; ++i) print ring[(first + i) % n] (i < n - 1 ? "," : "")
            n = first = 0
            next
        }
        { print }' || true
    grep '^  goroutine' "$work/normal" | sort
} >"$work/said"

if [ -n "${GOFER_WRITE_EXPECTED-}" ]; then
    cp "$work/said" "$expected"
    exit 0
fi
diff -u "$expected" "$work/said" || {
    echo "compare: the report differs; what was written:" >&2
    cat "$work/err" >&2
    exit 1
}
