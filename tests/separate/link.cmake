# Links FILES and LIBRARY to PROGRAM, and checks that this has the OUTCOME: RUNS, and then the program is run; or the name of
# a symbol that the linker must give as the reason why not.
# Usage: cmake -D COMPILER=... -D FILES=... -D LIBRARY=... -D PROGRAM=... -D OUTCOME=... -P link.cmake
cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND ${COMPILER} ${FILES} ${LIBRARY} -pthread -o ${PROGRAM}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(OUTCOME STREQUAL "RUNS")
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "it does not link:\n${output}")
    endif()
    execute_process(COMMAND ${PROGRAM} COMMAND_ERROR_IS_FATAL ANY)
elseif(result EQUAL 0)
    message(FATAL_ERROR "it links, although it must not")
elseif(NOT output MATCHES "${OUTCOME}")
    message(FATAL_ERROR "it does not link, but the linker does not name ${OUTCOME}:\n${output}")
endif()
