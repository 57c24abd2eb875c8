// What a goroutine that will never run again owns stays where it is for ever. A leak checker looks at the stacks of
// threads only, so it has to be told that this one counts. Empty in builds without AddressSanitizer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <gofer/fiber/fiber.hpp>

#if defined(GOFER_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace gofer::inline v1::fiber {

#if defined(GOFER_ASAN)
/// Registers the stack from `context` up, and each frame that ASan keeps on its fake stack (the option
/// detect_stack_use_after_return) and that a word on the stack, or in such a frame, points to.
__attribute__((no_sanitize("address"))) inline void keep_reachable(const Fiber& fiber) {
    const auto* context = static_cast<const char*>(fiber.context.load());
    const bool suspended = !fiber.running.load() && context;
    std::vector<std::pair<const char*, const char*>> found;
    found.emplace_back(suspended ? context : fiber.bottom, fiber.top);
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto [begin, end] = found[i];
        __lsan_register_root_region(begin, static_cast<std::size_t>(end - begin));
        if (!suspended || !fiber.asan_fake_stack) continue; // of one that runs ASan knows, and it may end meanwhile
        for (const char* at = begin; at + sizeof(void*) <= end; at += sizeof(void*)) {
            void* word = *reinterpret_cast<void* const volatile*>(at);
            void *frame = nullptr, *frame_end = nullptr;
            if (!__asan_addr_is_in_fake_stack(fiber.asan_fake_stack, word, &frame, &frame_end)) continue;
            bool known = false;
            for (const auto& f : found) known = known || f.first == frame;
            if (!known) found.emplace_back(static_cast<const char*>(frame), static_cast<const char*>(frame_end));
        }
    }
}

inline void keep_reachable(const void* object) { __lsan_ignore_object(object); }
#else
inline void keep_reachable(const Fiber&) noexcept {}
inline void keep_reachable(const void*) noexcept {}
#endif

} // namespace gofer::inline v1::fiber
