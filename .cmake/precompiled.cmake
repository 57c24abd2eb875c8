# With GOFER_UNITY_TESTS what all tests and examples include is read once, and not by each of them.
# gofer_precompile(LIBRARY headers...)    makes LIBRARY, which has read them
# gofer_use_precompiled(TARGET LIBRARY)   TARGET is compiled with what that has read. Both need the same options; a target
#                                         with some of its own sets DISABLE_PRECOMPILE_HEADERS.
option(GOFER_UNITY_TESTS
    "Tests compile in half the time, as in all presets: several files as one, with precompiled headers" OFF)

file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp "// Its headers are what counts.\n")

function(gofer_precompile library)
    if(GOFER_UNITY_TESTS)
        add_library(${library} OBJECT ${PROJECT_BINARY_DIR}/precompiled.cpp)
        target_link_libraries(${library} PRIVATE ${gofer_library} gofer_strict)
        target_precompile_headers(${library} PRIVATE ${ARGN})
    endif()
endfunction()

function(gofer_use_precompiled target library)
    if(GOFER_UNITY_TESTS)
        target_precompile_headers(${target} REUSE_FROM ${library})
    endif()
endfunction()

gofer_precompile(gofer_precompiled <gofer/gofer.hpp>)
