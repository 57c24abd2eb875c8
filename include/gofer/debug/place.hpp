// A Place in words: file and line where the compiler has given them, else the function that an address lies in.
#pragma once

#include <cstdint>
#include <dlfcn.h>

#include <gofer/base/place.hpp>
#include <gofer/base/text.hpp>

namespace gofer::inline v1::debug {

inline void add_place(base::Text& text, const Place& place) noexcept {
    if (place.file) return text.add("%s:%u", place.file, place.line);
    Dl_info info{};
    if (::dladdr(place.address, &info) && info.dli_sname)
        return text.add("%s", info.dli_sname);
    text.add("%p", place.address);
}

} // namespace gofer::inline v1::debug
