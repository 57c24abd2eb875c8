# Compiles SOURCE with COMPILER, of the kind COMPILER_ID, twice: as it stands, which must fail with an error that contains
# the words after "must say: " in its head, and with GOFER_TEST_MENDED, which must succeed. HEADERS: what headers.cmake
# has compiled. INCLUDES: directories, separated by |.
cmake_minimum_required(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/compile.cmake)
list(APPEND compile -fsyntax-only ${with_headers})

file(STRINGS ${SOURCE} promise REGEX "must say: " LIMIT_COUNT 1)
string(REGEX REPLACE ".*must say: " "" promised "${promise}")
if(promised STREQUAL "")
    message(FATAL_ERROR "${SOURCE} does not say what the compiler must say")
endif()

execute_process(COMMAND ${compile} -DGOFER_TEST_MENDED ${SOURCE} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
    message(FATAL_ERROR "mended, it should compile:\n${said}")
endif()

execute_process(COMMAND ${compile} ${SOURCE} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(NOT failed)
    message(FATAL_ERROR "it compiles, and should not")
endif()
string(REGEX MATCHALL "[^\n]*error[^\n]*" errors "${said}")
string(FIND "${errors}" "${promised}" found)
if(found EQUAL -1)
    message(FATAL_ERROR "no error says \"${promised}\":\n${said}")
endif()
