# Without -fstack-clash-protection a large local array steps over the guard below a goroutine's stack and writes into
# its neighbour's. The flag makes the compiler touch every page on the way down, so that the guard is met.
include(CheckCXXCompilerFlag)

# Sets `out` to the options a user of gofer compiles with: empty where it is switched off or the compiler has no such flag.
function(gofer_stack_clash_options out)
    set(${out} "" PARENT_SCOPE)
    if(DEFINED GOFER_STACK_CLASH_PROTECTION AND NOT GOFER_STACK_CLASH_PROTECTION)
        return()
    endif()
    check_cxx_compiler_flag(-fstack-clash-protection GOFER_HAS_STACK_CLASH_PROTECTION)
    if(GOFER_HAS_STACK_CLASH_PROTECTION)
        set(${out} "$<$<COMPILE_LANGUAGE:CXX>:-fstack-clash-protection>" PARENT_SCOPE)
    endif()
endfunction()
