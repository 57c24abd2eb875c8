# What gofer::gofer links, found the same way in this tree and by an installed gofer-config.cmake.
# Boost's own package files come first: CMake's FindBoost module is on its way out, and warns where both are there.
# A project that has already made Boost::context (by add_subdirectory, say) keeps its own.
if(NOT TARGET Boost::context)
    find_package(Boost 1.74 CONFIG QUIET COMPONENTS context)
endif()
if(NOT TARGET Boost::context)
    find_package(Boost 1.74 REQUIRED COMPONENTS context)
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
