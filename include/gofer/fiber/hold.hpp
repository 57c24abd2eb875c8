// Holding suspended fibers where they are, so that somebody may read their stacks: the trimmer's protocol (trim.hpp),
// which costs the switch nothing. Whoever wants to go on with a held fiber waits until it is let go, as he waits for
// the trimmer; he may have any lock of the engine while he does. So the holder takes no lock, calls nothing of the
// user's, writes to no stream, and lets go within a millisecond or so.
#pragma once

#include <gofer/fiber/trim.hpp>

namespace gofer::inline v1::fiber {

template <class Record>
class Hold {
public:
    static constexpr std::size_t most = 64;

    /// Tries for so long to get the trimmer out of the way: who reports a fatal error may have interrupted it, or stand
    /// in the way of whoever holds something.
    Hold(Trimmer<Record>& trimmer, std::int64_t patience_ns) noexcept : trimmer_(trimmer) {
        if (!base::asymmetric_barriers()) return; // the other side has no fence then
        base::Backoff backoff;
        const std::int64_t until = base::now_ns() + patience_ns;
        while (!(alone_ = trimmer_.keep_off()) && base::now_ns() < until) backoff.pause();
    }
    ~Hold() {
        let_go();
        if (alone_) trimmer_.let_on();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    /// Up to `most` at a time, then settle(), then look, then let_go().
    void add(Record& fiber) noexcept {
        held_[count_++] = &fiber;
        if (alone_) fiber.trimming.store(true, std::memory_order_relaxed);
    }
    bool full() const noexcept { return count_ == most; }
    void settle() noexcept {
        if (alone_ && count_) base::heavy_barrier(); // partner: enter_running()
    }
    std::size_t size() const noexcept { return count_; }
    Record& operator[](std::size_t i) const noexcept { return *held_[i]; }
    /// Whether it was suspended and stays so until let_go(); else it runs, or is about to.
    bool holds(const Record& fiber) const noexcept { return alone_ && !fiber.running.load(std::memory_order_acquire); }
    void let_go() noexcept {
        for (std::size_t i = 0; alone_ && i < count_; ++i) held_[i]->trimming.store(false, std::memory_order_release);
        count_ = 0;
    }

private:
    Trimmer<Record>& trimmer_;
    bool alone_ = false;
    std::size_t count_ = 0;
    Record* held_[most] = {};
};

} // namespace gofer::inline v1::fiber
