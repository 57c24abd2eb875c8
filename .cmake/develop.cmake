# How gofer's own tests, examples and benches are built: warnings as errors, and one sanitizer for all of them.
# Link gofer_strict for the warnings; the sanitizer comes by itself.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
enable_testing()

add_library(gofer_strict INTERFACE)
target_compile_options(gofer_strict INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(GOFER_WERROR)
    target_compile_options(gofer_strict INTERFACE -Werror)
endif()

option(GOFER_SEPARATE "Tests, programs, benches and examples link gofer::separate, which is compiled once" OFF)
if(GOFER_SEPARATE)
    set(gofer_library gofer::separate)
else()
    set(gofer_library gofer::gofer)
endif()

# Global to the tree, not an option of a target: Catch2's part and every goroutine must be built alike.
if(GOFER_SANITIZE STREQUAL "address")
    set(gofer_sanitizer -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(GOFER_SANITIZE STREQUAL "thread")
    set(gofer_sanitizer -fsanitize=thread)
elseif(GOFER_SANITIZE)
    message(FATAL_ERROR "gofer: GOFER_SANITIZE is '${GOFER_SANITIZE}'; set it to address, thread or nothing")
endif()
if(GOFER_SANITIZE)
    add_compile_options(${gofer_sanitizer} -fno-omit-frame-pointer)
    add_link_options(${gofer_sanitizer})
endif()

# Made first, so that it is not delayed itself. The other warnings are of an optimizer that these calls keep from seeing
# what it needs to.
option(GOFER_DELAYS "Tests hold threads up at random, at any function (g++; tests/support/delays.cpp)" OFF)
if(GOFER_DELAYS)
    add_library(gofer_delays SHARED ${PROJECT_SOURCE_DIR}/tests/support/delays.cpp)
    target_compile_features(gofer_delays PRIVATE cxx_std_20)
    target_link_libraries(gofer_delays PRIVATE gofer_strict)
    add_compile_options(-finstrument-functions -finstrument-functions-exclude-file-list=/usr/include,/usr/lib
        -Wno-maybe-uninitialized)
    link_libraries(gofer_delays)
endif()
