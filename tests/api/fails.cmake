# Compiles SOURCE with COMPILER twice: as it stands, which must fail with an error that contains the words after
# "must say: " in its head, and with GOFER_TEST_MENDED, which must succeed. INCLUDES: directories, separated by |.
cmake_minimum_required(VERSION 3.22)

string(REPLACE "|" ";" includes "${INCLUDES}")
list(REMOVE_ITEM includes "")
list(TRANSFORM includes PREPEND -I)
set(compile ${COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Werror ${includes})

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
