# With GOFER_UNITY_TESTS what all tests and examples include is read once, and not by each of them.
# gofer_reads_once(TARGET [FROM library])   TARGET is compiled with what `library` has read: gofer/gofer.hpp, if none is
#                                           named. Both need the same options; a target with some of its own sets
#                                           DISABLE_PRECOMPILE_HEADERS.
option(GOFER_UNITY_TESTS
    "Tests compile in half the time, as in all presets: several files as one, with precompiled headers" OFF)

file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp "// Its headers are what counts.\n")

function(gofer_read_once library)
    if(GOFER_UNITY_TESTS)
        add_library(${library} OBJECT ${PROJECT_BINARY_DIR}/precompiled.cpp)
        target_link_libraries(${library} PRIVATE ${gofer_library} gofer_strict)
        target_precompile_headers(${library} PRIVATE ${ARGN})
    endif()
endfunction()

function(gofer_reads_once target)
    cmake_parse_arguments(PARSE_ARGV 1 reads "" "FROM" "")
    if(NOT GOFER_UNITY_TESTS)
        return()
    elseif(reads_FROM)
        target_precompile_headers(${target} REUSE_FROM ${reads_FROM})
    else()
        target_precompile_headers(${target} REUSE_FROM gofer_read)
    endif()
endfunction()

gofer_read_once(gofer_read <gofer/gofer.hpp>)
