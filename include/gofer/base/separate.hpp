// Separate compilation, for whoever has many source files: with GOFER_SEPARATE_COMPILATION defined in all of them the cold
// half of the library (threads and their loop, the monitor, shutdown, reports, the trace) is compiled once, in the one
// source file that includes <gofer/separate.hpp>, instead of in each. Without it the library is headers alone.
//
// A function on the seam is declared plainly where its callers find it, and defined as
//     #if GOFER_WITH_BODIES
//     GOFER_SEPARABLE void start_threads(Scheduler& s) { ... }
//     #endif
// and what only such bodies need is included under the same condition. It is inline in the one mode and has one definition
// in the other. Nothing else differs between the two, least of all a layout or what a hot path does.
//
// What is built wrongly does not link, and the symbol says why:
// - The macro, and no file that includes <gofer/separate.hpp>: what every file refers to is not defined. That reference is
//   also what takes the file, and with it the static initialisers, out of an archive.
// - Two such files: whatever stands on the seam is defined twice.
// - Files with the macro and files without in one program or shared object, which the language forbids: the linker takes
//   the former's definitions for the latter's inline functions and would say nothing. So both define one more symbol,
//   thread-local in one mode only, and that it refuses. Shared objects may differ from one another.
// The first of these symbols lies in a namespace that tells the sanitizer, on which layouts depend.
#pragma once

#include <gofer/base/sanitizer.hpp>

#if !defined(GOFER_SEPARATE_COMPILATION)
#define GOFER_SEPARABLE inline
#define GOFER_WITH_BODIES 1
#elif defined(GOFER_SEPARATE_SOURCE) // gofer/separate.hpp
#define GOFER_SEPARABLE
#define GOFER_WITH_BODIES 1
#else
#define GOFER_SEPARABLE
#define GOFER_WITH_BODIES 0
#endif

namespace gofer::inline v1 {

#if !defined(GOFER_SEPARATE_COMPILATION)
[[gnu::used, gnu::visibility("hidden")]] inline thread_local char some_files_lack_GOFER_SEPARATE_COMPILATION = 0;
#else
#if defined(GOFER_ASAN)
inline namespace with_address_sanitizer {
#elif defined(GOFER_TSAN)
inline namespace with_thread_sanitizer {
#else
inline namespace without_sanitizer {
#endif
// Hidden, since each shared object has its own.
[[gnu::visibility("hidden")]] extern const char one_source_file_must_include_gofer_separate_hpp;
}
[[gnu::used, gnu::visibility("hidden")]] inline const char* const separate_part =
    &one_source_file_must_include_gofer_separate_hpp;
#endif

} // namespace gofer::inline v1
