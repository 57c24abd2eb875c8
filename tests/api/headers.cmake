# Compiles the library's headers for fails.cmake with COMPILER, of the kind COMPILER_ID, into HEADERS.gch or, for clang,
# HEADERS.pch. INCLUDES: directories, separated by |.
cmake_minimum_required(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/compile.cmake)

file(WRITE ${HEADERS} "#include <gofer/gofer.hpp>\n")
execute_process(COMMAND ${compile} -x c++-header ${HEADERS} -o ${precompiled} COMMAND_ERROR_IS_FATAL ANY)
