// Room for what is too large for a goroutine's stack, which may be a small one, and is not to come from the heap either,
// whose lock whoever reports an error may have.
#pragma once

#include <new>
#include <sys/mman.h>

namespace gofer::inline v1::debug {

/// A T in a mapping of its own, which stays. Null: the system gives no memory.
template <class T>
T* map_new() noexcept {
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, flags, -1, 0);
    return memory == MAP_FAILED ? nullptr : ::new (memory) T;
}

/// One that goes with its scope.
template <class T>
class Mapped {
public:
    Mapped() noexcept : object_(map_new<T>()) {}
    ~Mapped() {
        if (!object_) return;
        object_->~T();
        ::munmap(object_, sizeof(T));
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;

    /// Null: the system gives no memory.
    T* get() const noexcept { return object_; }

private:
    T* object_;
};

} // namespace gofer::inline v1::debug
