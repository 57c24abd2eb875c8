# gofer::separate, for whoever has many files: gofer::gofer with GOFER_SEPARATE_COMPILATION, and a static library with what
# is then compiled once (gofer/separate.hpp). It is built by the project that links it, with the flags and options that hold
# where gofer is found or taken in: a sanitizer is set before. One that nobody links is not built. A project that makes
# shared objects of it sets CMAKE_POSITION_INDEPENDENT_CODE, as ever.
if(NOT TARGET gofer_separate)
    add_library(gofer_separate STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/gofer-separate.cpp)
    add_library(gofer::separate ALIAS gofer_separate)
    target_link_libraries(gofer_separate PUBLIC gofer::gofer)
    target_compile_definitions(gofer_separate PUBLIC GOFER_SEPARATE_COMPILATION)
endif()
