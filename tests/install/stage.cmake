# Installs gofer from BUILD below PREFIX, moves it on, and checks that what was installed is whole and tied to no place.
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}/first
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${PREFIX}/first ${PREFIX}/moved)

file(GLOB_RECURSE here RELATIVE ${SOURCE}/include ${SOURCE}/include/*.hpp
    ${SOURCE}/include/*.py)
file(GLOB_RECURSE there RELATIVE ${PREFIX}/moved/include ${PREFIX}/moved/include/*)
if(NOT here STREQUAL there)
    message(FATAL_ERROR "the headers installed are not those of the source tree:\n${there}")
endif()

file(GLOB_RECURSE package_files ${PREFIX}/moved/*.cmake)
if(NOT package_files)
    message(FATAL_ERROR "no package files below ${PREFIX}")
endif()
foreach(file IN LISTS package_files)
    file(READ ${file} text)
    foreach(place ${SOURCE} ${BUILD} ${PREFIX})
        string(FIND "${text}" "${place}" at)
        if(NOT at EQUAL -1)
            message(FATAL_ERROR "${file} names ${place}")
        endif()
    endforeach()
endforeach()
