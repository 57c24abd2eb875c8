# File and line in stack traces, by the libbacktrace that gcc brings along. Without it there are functions and offsets.

# Sets `out` to the library that a user of gofer links, and that GOFER_BACKTRACE is to be defined for: empty where it was not
# asked for (GOFER_BACKTRACE) or is not there.
function(gofer_backtrace_library out)
    set(${out} "" PARENT_SCOPE)
    if(NOT GOFER_BACKTRACE)
        return()
    endif()
    set(hints)
    foreach(compiler ${CMAKE_CXX_COMPILER} g++ gcc)
        execute_process(COMMAND ${compiler} -print-file-name=libbacktrace.a
            OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
        if(NOT failed AND IS_ABSOLUTE "${found}")
            get_filename_component(folder ${found} DIRECTORY)
            list(APPEND hints ${folder})
        endif()
    endforeach()
    find_library(GOFER_BACKTRACE_LIBRARY backtrace HINTS ${hints})
    if(GOFER_BACKTRACE_LIBRARY)
        set(${out} ${GOFER_BACKTRACE_LIBRARY} PARENT_SCOPE)
    else()
        message(WARNING "gofer: GOFER_BACKTRACE is on and there is no libbacktrace; stack traces have no lines")
    endif()
endfunction()
