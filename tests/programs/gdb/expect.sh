#!/bin/sh
# Has gdb look at the goroutines of the program, and checks what it says.
#
#   expect.sh live|core loaded|sourced PROGRAM EXTENSION
#
# live      stopped at a breakpoint; core: in the core file of its abort
# loaded    the extension comes out of the program; sourced: from its file
# 77, skipped, where there is no gdb, no process may be traced, or the system writes no core file into the directory.
set -eu
export LC_ALL=C

kind=$1 way=$2 program=$3 extension=$4

command -v gdb >/dev/null || { echo "skipped: gdb is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "expect: $*" >&2
    exit 1
}

if [ "$way" = loaded ]; then
    set -- -iex "set auto-load safe-path $program"
else
    set -- -iex "set auto-load off" -iex "source $extension"
fi
if [ "$kind" = live ]; then
    set -- "$@" -ex "break stop_here" -ex run "$program"
else
    ulimit -c unlimited || { echo "skipped: core files are not allowed here"; exit 77; }
    "$program" abort >/dev/null 2>&1 || true
    core=$(find . -name 'core*' | head -n 1)
    [ -n "$core" ] || { echo "skipped: no core file (kernel.core_pattern: $(cat /proc/sys/kernel/core_pattern))"; exit 77; }
    set -- "$@" "$program" "$core"
fi

gdb -nx -batch "$@" -ex "info goroutines" >list 2>&1 </dev/null || true
cat list
! grep -q "ptrace: Operation not permitted" list || { echo "skipped: no process may be traced here"; exit 77; }
id=$(sed -nE 's/^ *([0-9]+) .*"receiver".*/\1/p' list)
[ -n "$id" ] || fail "no goroutine named receiver is listed"
[ "$kind" = core ] || id=receiver # a new run gives new ids

gdb -nx -batch "$@" -ex "info goroutines" -ex "echo [one]\\n" -ex "goroutine $id bt" -ex "echo [most]\\n" \
    -ex "goroutine $id bt 1" -ex "echo [all]\\n" -ex "goroutine all bt" -ex "echo [none]\\n" -ex "goroutine 999999 bt" \
    -ex "echo [thread]\\n" -ex "bt" >out 2>&1 </dev/null || true
cat out

says() { grep -Eq -- "$2" "$1" || fail "no line of $1 matches '$2'"; }
part() { awk -v name="[$1]" '/^\[[a-z]*\]$/ { on = ($0 == name); next } on' out >"$1"; }

says out '^ +[0-9]+ +running on thread [0-9]+ +"main" +started at .*gdb/main.cpp:[0-9]+'
says out '^ +[0-9]+ +receive on channel +"receiver" +started at .*gdb/main.cpp:[0-9]+'
says out '^ +[0-9]+ +Mutex +"locker" +started at .*gdb/main.cpp:[0-9]+'
part one
says one '^#0 '
says one '^#[0-9]+ .*wait_for_message .*gdb/main.cpp:'
[ "$(grep -c 'wait_for_message' one)" -ge 2 ] || fail "the frames of the recursion are missing"
says one '^#[0-9]+ .*run_outermost'
! grep -Eq '\?\? \(\)|wait_for_lock|stop_here' one || fail "the trace of the receiver leads astray"
part most
[ "$(grep -c '^#' most)" -eq 1 ] || fail "bt 1 shows more or less than one frame"
part all
says all '^#[0-9]+ .*wait_for_message .*gdb/main.cpp:'
says all '^#[0-9]+ .*wait_for_lock .*gdb/main.cpp:'
says all '^#[0-9]+ .*stop_here .*gdb/main.cpp:'
part none
says none 'there is no goroutine 999999'
part thread
says thread '^#[0-9]+ .*stop_here .*gdb/main.cpp:'
! grep -q 'wait_for' thread || fail "the thread's own stack is not shown any more"
