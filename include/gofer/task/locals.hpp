// The GoroutineLocal values of one goroutine, or of one plain thread: a small hash table for the look-up, a list
// for the order in which they were made. Touched by its owner only, so there is no lock; memory is proportional to
// the values that are there, and a goroutine that has none has no table.
//
// A key is the number of a variable (as long as few are alive the table is indexed by it directly) and how often that
// number was given out before. A value of a variable that is gone is found by its number and makes way for the next
// one, so a goroutine that lives for ever holds no more values than there were variables alive at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <gofer/base/list.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>

namespace gofer::inline v1::task {

/// The identity of a GoroutineLocal; 0 is nobody's.
struct LocalKey {
    std::uint64_t bits = 0;

    std::uint32_t number() const noexcept { return static_cast<std::uint32_t>(bits); }
    friend bool operator==(LocalKey, LocalKey) noexcept = default;
};

/// Gives keys out, and their numbers again. Process-wide, never destroyed, thread-safe.
class LocalKeys {
public:
    [[gnu::visibility("default")]] static LocalKeys& instance() {
        static LocalKeys& keys = *new LocalKeys;
        return keys;
    }

    LocalKey take() {
        const base::EngineRegion engine; // two that make a variable each are not ordered by it
        in_use().store(true, std::memory_order_relaxed);
        lock_.lock();
        const LocalKey key = free_.empty() ? LocalKey{made_++ | one_more} : free_.back();
        if (!free_.empty()) free_.pop_back();
        lock_.unlock();
        return key;
    }
    void give_back(LocalKey key) noexcept {
        const base::EngineRegion engine;
        lock_.lock();
        try {
            free_.push_back({key.bits + one_more});
        } catch (...) { // out of memory: the number is not used again
        }
        lock_.unlock();
    }

    /// Whether any key was ever given out: spares the goroutines of programs without any the look at their record.
    [[gnu::visibility("default")]] static std::atomic<bool>& in_use() noexcept {
        static constinit std::atomic<bool> any{false};
        return any;
    }

private:
    static constexpr std::uint64_t one_more = std::uint64_t{1} << 32;

    base::SpinLock lock_;
    std::uint64_t made_ = 0;
    std::vector<LocalKey> free_;
};

/// One value; what comes before it is the same for every type.
struct LocalValue : base::ListHook<LocalValue> {
    const LocalKey key;

    explicit LocalValue(LocalKey k) noexcept : key(k) {}
    virtual ~LocalValue() = default;
    /// Destroys what the user has put here. The record itself goes later: a destructor may still look itself up.
    virtual void end() noexcept = 0;
};

class Locals {
public:
    Locals() noexcept = default;
    Locals(const Locals&) = delete;
    Locals& operator=(const Locals&) = delete;
    ~Locals() { clear(); }

    LocalValue* find(LocalKey key) const noexcept {
        for (std::uint32_t i = key.number();; ++i) {
            LocalValue* value = table_[i & mask_];
            if (!value || value->key == key) return value;
        }
    }

    /// Whatever has the number of the key and is of a variable that is gone makes way. Code of the user's, which may make
    /// the value for the key itself.
    void make_room(LocalKey key) noexcept {
        for (LocalValue* v; (v = find_number(key.number())) && v->key != key;) destroy(*v);
    }
    /// A value for a key that has none here.
    void insert(std::unique_ptr<LocalValue> fresh) {
        make_room(fresh->key);
        if (!own_table_ || 4 * (count_ + 1) > 3 * (mask_ + 1)) grow();
        put(*fresh);
        ++count_;
        made_.push_front(*fresh.release());
    }

    /// Destroys the value of this key, if there is one that is not being destroyed already.
    void erase(LocalKey key) noexcept {
        if (LocalValue* value = find(key); value && value->linked) destroy(*value);
    }

    /// Destroys all, the last one made first, and those that the destructors make meanwhile.
    void clear() noexcept {
        while (LocalValue* last = made_.front()) destroy(*last);
        table_ = &nothing;
        mask_ = 0;
        own_table_.reset();
    }

private:
    // Not one that is being destroyed: its destructor may be who wants the number.
    LocalValue* find_number(std::uint32_t number) const noexcept {
        for (std::uint32_t i = number;; ++i) {
            LocalValue* value = table_[i & mask_];
            if (!value || (value->linked && value->key.number() == number)) return value;
        }
    }

    void put(LocalValue& value) noexcept {
        std::uint32_t i = value.key.number();
        while (table_[i & mask_]) ++i;
        table_[i & mask_] = &value;
    }

    void grow() {
        const std::uint32_t size = own_table_ ? 2 * (mask_ + 1) : 4;
        const auto old = std::exchange(own_table_, std::make_unique<LocalValue*[]>(size));
        const std::uint32_t old_size = old ? mask_ + 1 : 0;
        table_ = own_table_.get();
        mask_ = size - 1;
        for (std::uint32_t i = 0; i < old_size; ++i)
            if (old[i]) put(*old[i]);
    }

    void destroy(LocalValue& value) noexcept {
        made_.remove(value);
        value.end(); // user code, which may look values up and make new ones
        take_out(value);
        --count_;
        delete &value;
    }

    // What was put behind it because its place was taken moves up.
    void take_out(const LocalValue& value) noexcept {
        std::uint32_t hole = value.key.number();
        while (table_[hole & mask_] != &value) ++hole;
        for (std::uint32_t i = hole + 1; LocalValue* next = table_[i & mask_]; ++i) {
            const std::uint32_t from_its_place = (i - next->key.number()) & mask_;
            if (from_its_place < ((i - hole) & mask_)) continue;
            table_[hole & mask_] = next;
            hole = i;
        }
        table_[hole & mask_] = nullptr;
    }

    [[gnu::visibility("default")]] static inline LocalValue* nothing = nullptr; // the table of those who have none

    LocalValue** table_ = &nothing;
    std::uint32_t mask_ = 0;
    std::uint32_t count_ = 0;
    std::unique_ptr<LocalValue*[]> own_table_;
    base::List<LocalValue> made_; // the newest first
};

} // namespace gofer::inline v1::task
