# Shows that check.cmake sees what it is there for: a small sound tree passes, and each wrong include planted in a copy
# of it is reported by name. Usage: cmake -D CHECK=<check.cmake> -D SCRATCH=<directory> -P self_test.cmake
cmake_minimum_required(VERSION 3.22)

function(write_header file)
    string(JOIN "\n#include " lines "#pragma once" ${ARGN})
    file(WRITE ${SCRATCH}/gofer/${file} "${lines}\n")
endfunction()

function(write_sound_tree)
    file(REMOVE_RECURSE ${SCRATCH})
    write_header(error.hpp <stdexcept> <gofer/base/lock.hpp>)
    write_header(go.hpp <gofer/time/sleep.hpp> <gofer/debug/dump.hpp>)
    write_header(base/lock.hpp <atomic>)
    write_header(sched/worker.hpp <gofer/base/lock.hpp>)
    write_header(sync/mutex.hpp <gofer/sched/worker.hpp> <gofer/error.hpp>)
    write_header(chan/channel.hpp <gofer/sync/mutex.hpp> <gofer/error.hpp>)
    write_header(time/sleep.hpp <gofer/chan/channel.hpp>)
    write_header(debug/dump.hpp <gofer/time/sleep.hpp>)
endfunction()

# Runs the check over the scratch tree; `expected` is what it has to print, or PASS.
function(expect claim expected)
    execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${SCRATCH} -P ${CHECK}
        RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(expected STREQUAL "PASS")
        if(NOT result EQUAL 0)
            message(FATAL_ERROR "${claim}: reported although sound:\n${output}")
        endif()
    elseif(result EQUAL 0)
        message(FATAL_ERROR "${claim}: not reported")
    else()
        string(FIND "${output}" "${expected}" at)
        if(at EQUAL -1)
            message(FATAL_ERROR "${claim}: reported, but without '${expected}':\n${output}")
        endif()
    endif()
    message("ok: ${claim}")
endfunction()

# Plants one header, given as for write_header, in an otherwise sound tree.
function(expect_planted claim expected)
    write_sound_tree()
    write_header(${ARGN})
    expect("${claim}" "${expected}")
endfunction()

write_sound_tree()
expect("a sound tree passes" PASS)
expect_planted("a room to the right" "base must not know chan"
    base/wrong.hpp <gofer/chan/channel.hpp>)
expect_planted("sync does not know chan" "sync must not know chan"
    sync/wrong.hpp <gofer/chan/channel.hpp>)
expect_planted("a room that includes debug" "time must not know debug"
    time/wrong.hpp <gofer/debug/dump.hpp>)
expect_planted("a room to the right behind a face" "gofer/go.hpp, but chan must not know"
    chan/wrong.hpp <gofer/go.hpp>)
expect_planted("a room that nobody knows" "no room named attic"
    attic/wrong.hpp <gofer/base/lock.hpp>)
expect_planted("an include in quotes" "write <gofer/...>"
    wait/wrong.hpp "\"../chan/channel.hpp\"")
expect_planted("a header that is not there" "does not exist"
    chan/wrong.hpp <gofer/base/missing.hpp>)

write_sound_tree()
file(APPEND ${SCRATCH}/gofer/base/lock.hpp "  #  include  <gofer/chan/channel.hpp> // spaced out\n")
expect("an include spaced out" "base must not know chan")

file(REMOVE_RECURSE ${SCRATCH})
expect("a tree without headers" "holds no header")
