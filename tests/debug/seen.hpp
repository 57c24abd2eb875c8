// What reports see of a goroutine of a certain name.
#pragma once

#include <string>

#include <gofer/debug/snapshot.hpp>
#include <gofer/gofer.hpp>

#include "../support/fixture.hpp"

namespace seen {

/// The snapshot of the goroutine of that name; one that does nothing when there is none.
inline gofer::debug::Snapshot snapshot_of(const std::string& name) {
    gofer::debug::Snapshot found;
    gofer::debug::for_each_goroutine(
        [](const auto&, auto&, bool) {},
        [&](const gofer::debug::Snapshot& s, auto&) {
            if (s.name == name) found = s;
        });
    return found;
}

inline std::string line_of(const gofer::debug::Snapshot& s) {
    gofer::base::TextOf<1024> text;
    gofer::debug::add_line(text, s);
    return text.c_str();
}

/// The snapshot of the goroutine of that name, once it is parked and has left its stack.
inline gofer::debug::Snapshot parked_snapshot_of(const std::string& name) {
    gofer::debug::Snapshot found;
    VERIFY(fixture::eventually([&] { return (found = snapshot_of(name)).waits[0] != 0; }));
    return found;
}

/// Its line, without how long it has been parked: on a slow machine that may be a second.
inline std::string parked_line_of(const std::string& name) {
    auto found = parked_snapshot_of(name);
    found.parked_ns = 0;
    return line_of(found);
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
inline bool ends_with(const std::string& text, const std::string& part) {
    return text.size() >= part.size() && text.compare(text.size() - part.size(), part.size(), part) == 0;
}

inline std::string hex(const void* address) {
    gofer::base::TextOf<32> text;
    text.add("%p", address);
    return text.c_str();
}

} // namespace seen
