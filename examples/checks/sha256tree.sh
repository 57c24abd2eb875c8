#!/bin/sh
# Checks sha256tree against the shell pipeline it stands for, on trees made to be awkward.
#
#   sha256tree.sh PROGRAM PART
#
# PART is one of names, spellings, sizes, usr_include, unreadable, arguments, terminal, interrupt, timeout.
#
# Ends with status 77 when this machine cannot try that part.
set -eu
export LC_ALL=C
umask 022

work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
cp "$1" "$work/sha256tree" # another user must be able to run it, too
program=$work/sha256tree
got=$work/got
wanted=$work/wanted
err=$work/err
as= # the command that runs another as somebody else
mkdir "$work/here" # what is digested lies apart from what is written meanwhile
cd "$work/here"

fail() {
    echo "sha256tree.sh: $*" >&2
    exit 1
}

skip() {
    echo "sha256tree.sh: skipped: $*"
    exit 77
}

# The pipeline. Without -r, xargs would have sha256sum read stdin where there is no file at all.
reference() {
    $as find "$1" -type f -print0 2>/dev/null | sort -z | $as xargs -0 -r sha256sum 2>/dev/null || true
}

# compare DIR [OPTION...]: the same bytes as the pipeline, nothing on stderr, status 0
compare() {
    dir=$1
    shift
    "$program" "$@" "$dir" >"$got" 2>"$err" || fail "'$dir' $*: status $?: $(cat "$err")"
    reference "$dir" >"$wanted"
    cmp "$wanted" "$got" || fail "'$dir' $*: differs from sha256sum"
    [ ! -s "$err" ] || fail "'$dir' $*: stderr is not empty: $(cat "$err")"
}

# refuses PATTERN ARGUMENT...: status 2, nothing on stdout; on stderr a line that matches and the usage
refuses() {
    pattern=$1
    shift
    status=0
    "$program" "$@" >"$got" 2>"$err" || status=$?
    [ "$status" -eq 2 ] || fail "arguments '$*': status $status instead of 2"
    [ ! -s "$got" ] || fail "arguments '$*': something on stdout"
    grep -Eq -- "$pattern" "$err" || fail "arguments '$*': no '$pattern' in: $(cat "$err")"
    grep -q '^usage: sha256tree' "$err" || fail "arguments '$*': no usage in: $(cat "$err")"
}

make_awkward_names() {
    mkdir tree
    for name in plain 'two words' ' before' 'after ' "it's" 'say "hi"' 'back\slash' '\' '\n' '*' '$HOME' \
        '`id`' -dash a.b a-b a0 "$(printf 'new\nline')" "$(printf 'end of line\n.')" \
        "$(printf 'carriage\rreturn')" "$(printf 'tab\t')" "$(printf '\303\244')" "$(printf '\377\376')" \
        "$(printf 'bell\007')"; do
        printf '%s' "$name" >"tree/$name"
        mkdir -p "tree/a/dir of $name/inner"
        printf '%s again' "$name" >"tree/a/dir of $name/inner/$name"
    done
    mkdir -p tree/empty tree/nested/empty
    ln -s plain tree/link_to_file
    ln -s a tree/link_to_directory
    ln -s nowhere tree/link_to_nothing
    ln -s . tree/link_to_itself
    mkfifo tree/pipe
}

check_names() {
    make_awkward_names
    for jobs in 1 2 3 16; do compare tree -j "$jobs"; done
    compare tree
    [ "$(wc -l <"$wanted")" -eq 46 ] || fail "the tree itself is not as it should be: $(cat "$wanted")"
    compare 'tree/a/dir of back\slash'
    compare "tree/a/dir of $(printf 'new\nline')/"
}

check_spellings() {
    make_awkward_names
    ln -s tree link
    ln -s nowhere dangling
    for dir in tree tree/ tree// ./tree ./tree/a/ tree/../tree "$PWD/tree" "$PWD/tree/" . ./ \
        link link/ dangling tree/empty tree/nested tree/plain tree/pipe; do
        compare "$dir"
    done
    cd tree/a
    compare ..
}

check_sizes() {
    mkdir -p sizes/many
    for size in 0 1 55 56 63 64 65 4096 131071 131072 131073 262144 1000000; do
        head -c "$size" /dev/zero >"sizes/$size"
    done
    for i in $(seq 1 1500); do echo "$i" >"sizes/many/$i"; done
    deep=sizes
    for level in $(seq 1 200); do deep=$deep/d$level; done
    mkdir -p "$deep"
    echo deep >"$deep/file"
    for jobs in 1 2 8; do compare sizes -j "$jobs"; done
}

check_usr_include() {
    [ -d /usr/include ] || skip "no /usr/include here"
    compare /usr/include -j 2
    compare /usr/include/
}

check_unreadable() {
    mkdir -p tree/open tree/closed tree/no_search
    echo yes >tree/open/readable
    echo no >tree/open/unreadable
    echo no >tree/closed/file
    echo no >tree/no_search/file
    chmod 000 tree/open/unreadable tree/closed
    chmod 644 tree/no_search
    if [ "$(id -u)" -eq 0 ]; then
        as="setpriv --reuid=65534 --regid=65534 --clear-groups"
        $as true 2>/dev/null || skip "root reads everything, and setpriv cannot make us someone else here"
    fi
    ! $as cat tree/open/unreadable >/dev/null 2>&1 || skip "this user may read everything"

    status=0
    $as "$program" -j 2 tree >"$got" 2>"$err" || status=$?
    [ "$status" -eq 1 ] || fail "status $status instead of 1: $(cat "$err")"
    reference tree >"$wanted"
    [ "$(wc -l <"$wanted")" -eq 1 ] || fail "sha256sum itself does not read one file: $(cat "$wanted")"
    cmp "$wanted" "$got" || fail "the readable file is not digested: $(cat "$got")"
    for path in tree/open/unreadable tree/closed tree/no_search/file; do
        grep -Fqx "sha256tree: $path: Permission denied" "$err" || fail "no error for $path in: $(cat "$err")"
    done
    [ "$(wc -l <"$err")" -eq 3 ] || fail "not three errors: $(cat "$err")"
}

check_arguments() {
    mkdir tree
    refuses 'DIR is required'
    refuses 'DIR is required' -j 2
    refuses 'not expected: other' tree other
    refuses 'not expected: --walk' --walk tree
    refuses "'missing': No such file" missing
    refuses "'': No such file" ''
    for n in 0 abc -1 1.5 0x10 2x '' 99999999999999999999; do
        refuses "'$n': N must be a whole number" -j "$n" tree
    done
    refuses 'missing' tree -j
    for help in --help -h; do
        "$program" "$help" >"$got" 2>"$err" || fail "$help: status $?"
        grep -q -- '-j N' "$got" || fail "$help does not tell of -j"
        [ ! -s "$err" ] || fail "$help writes to stderr"
    done
    mkdir ./-dash && echo x >./-dash/file
    "$program" -- -dash | grep -q '  -dash/file$' || fail "'--' does not end the options"
    if [ -c /dev/full ]; then
        status=0
        "$program" ./-dash >/dev/full 2>"$err" || status=$?
        [ "$status" -eq 1 ] || fail "a full disk: status $status instead of 1"
        grep -q 'cannot write' "$err" || fail "a full disk is not reported: $(cat "$err")"
    fi
}

check_terminal() {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    mkdir tree
    for i in $(seq 1 300); do echo "$i" >"tree/$i"; done
    truncate -s 600M tree/large # so that there is time to draw the bar
    "$program" tree >"$wanted"
    script -qec "'$program' -j 2 tree >'$got'" "$work/typescript" >/dev/null </dev/null || fail "status $?"
    cmp "$wanted" "$got" || fail "the bar has got into the output"
    grep -q 'of 301 files' "$work/typescript" || fail "no progress bar on a terminal"
}

# A tree that takes minutes, of files that take no room.
make_endless_tree() {
    mkdir -p tree/deep
    echo small >tree/0_small
    for i in $(seq 1 100); do truncate -s 2G "tree/deep/$i" 2>/dev/null || skip "no sparse files here"; done
}

# says_what_is_left STATUS PATTERN: how the program ended, one line on stderr, and nothing wrong on stdout
says_what_is_left() {
    [ "$status" -eq "$1" ] || fail "status $status instead of $1: $(cat "$err")"
    grep -Eq "^sha256tree: $2: [0-9]+ files found were not digested" "$err" || fail "not told of in: $(cat "$err")"
    [ "$(wc -l <"$err")" -eq 1 ] || fail "more than one line on stderr: $(cat "$err")"
    sha256sum tree/0_small | cmp - "$got" || fail "what was digested is not printed: $(cat "$got")"
}

check_interrupt() {
    make_endless_tree
    for signal in INT TERM; do
        # Not in the background of this shell, which would have it ignore SIGINT from the start.
        status=0
        timeout --preserve-status --foreground --signal="$signal" 1 "$program" -j 2 tree >"$got" 2>"$err" || status=$?
        case $signal in
            INT) says_what_is_left 130 Interrupt ;;
            TERM) says_what_is_left 143 Terminated ;;
        esac
    done
}

check_timeout() {
    make_endless_tree
    status=0
    "$program" -j 2 --timeout 0.5 tree >"$got" 2>"$err" || status=$?
    says_what_is_left 124 'out of time'
    rm -r tree/deep
    compare tree --timeout 1000
    for seconds in 0 -1 x 1s nan ''; do
        refuses "'$seconds': SECONDS must be a number above 0" --timeout "$seconds" tree
    done
}

"check_$2"
