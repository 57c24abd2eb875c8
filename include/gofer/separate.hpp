// The separately compiled part of the library. With GOFER_SEPARATE_COMPILATION defined in every source file of a program
// (or shared object) that includes gofer, exactly one of them includes this file, before any other of gofer's. CMake's
// target gofer::separate is both: the macro, and that file. Without the macro this brings the headers and no more.
#pragma once

#if defined(GOFER_SEPARATE_COMPILATION)
#if defined(GOFER_SEPARABLE)
#error "gofer: include <gofer/separate.hpp> before the other headers of gofer"
#endif
#define GOFER_SEPARATE_SOURCE
#endif

#include <gofer/base/separate.hpp>
#include <gofer/gofer.hpp>
#include <gofer/testing.hpp>

#if defined(GOFER_SEPARATE_COMPILATION)

const char gofer::v1::one_source_file_must_include_gofer_separate_hpp = 0;

namespace gofer::inline v1 {

[[gnu::visibility("hidden")]] extern char some_files_lack_GOFER_SEPARATE_COMPILATION;
char some_files_lack_GOFER_SEPARATE_COMPILATION = 0;

} // namespace gofer::inline v1

#endif
