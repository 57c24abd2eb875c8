#!/bin/sh
# Runs a program and checks how it ends and what it says.
#
#   expect.sh [--exit N | --signal N] [--says PATTERN]... [--never PATTERN]... [--once PATTERN]
#             [--silent] PROGRAM [ARGUMENT...]
#
# --exit     the exit status, 0 without it
# --signal   it must die by this signal: 6 is SIGABRT, 11 SIGSEGV
# --says     some line on stderr or stdout must match PATTERN, an extended regular expression
# --never    no line may match PATTERN
# --once     exactly one line must match PATTERN
# --silent   nothing may be printed on stderr
# 77, the status of a program that cannot run here, is passed on.
set -eu
export LC_ALL=C
ulimit -c 0

wanted=0
silent=
says=
never=
once=
newline='
'
while :; do
    case $1 in
        --exit) wanted=$2; shift 2 ;;
        --signal) wanted=$((128 + $2)); shift 2 ;;
        --says) says="$says$2$newline"; shift 2 ;;
        --never) never="$never$2$newline"; shift 2 ;;
        --once) once=$2; shift 2 ;;
        --silent) silent=yes; shift ;;
        *) break ;;
    esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$@" >"$work/out" 2>"$work/err" || status=$?
cat "$work/out" "$work/err"
[ "$status" -ne 77 ] || exit 77

fail() {
    echo "expect: $*" >&2
    exit 1
}

[ "$status" -eq "$wanted" ] || fail "the program ended with status $status instead of $wanted"
[ -z "$silent" ] || [ ! -s "$work/err" ] || fail "nothing was expected on stderr"
each_line() {
    printf '%s' "$1" | while IFS= read -r pattern; do
        "$2" "$pattern" || exit 1
    done
}
is_said() { cat "$work/out" "$work/err" | grep -Eq -- "$1" || fail "no line matches '$1'"; }
is_not_said() { ! cat "$work/out" "$work/err" | grep -Eq -- "$1" || fail "a line matches '$1'"; }
each_line "$says" is_said
each_line "$never" is_not_said
if [ -n "$once" ]; then
    times=$(cat "$work/out" "$work/err" | grep -Ec -- "$once" || true)
    [ "$times" -eq 1 ] || fail "$times lines match '$once' instead of one"
fi
