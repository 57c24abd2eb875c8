// Puts the gdb extension (goroutines.py) into every program, in the section from which gdb loads scripts by itself. It
// takes some kilobytes of the file, which are never read when the program runs. GOFER_NO_GDB_SCRIPT leaves it out.
// Where auto-load is not allowed gdb says so, once, and how to allow it.
#pragma once

#if defined(__ELF__) && !defined(GOFER_NO_GDB_SCRIPT)

namespace gofer::inline v1::debug {

// 4: a Python script as text, after its name.
[[gnu::used, gnu::section(".debug_gdb_scripts")]] inline const char gdb_script[] = "\4gofer.goroutines\n"
#include <gofer/debug/goroutines.py>
    ;

} // namespace gofer::inline v1::debug

#endif
