// Gives pages of deep stacks back to the system: a goroutine that once went 200 KB deep and then stays parked, or a
// pooled stack, keeps only what it stands on. Called now and then by a worker that has nothing better to do.
//
// The stack may be resumed at any moment, so trimmer and switch are a Dekker pair: here `trimming` is set, a heavy
// barrier passed and `running` read; there (enter_running) `running` is set, a light barrier passed and `trimming`
// read. One of the two sees the other. One heavy barrier serves a whole batch.
#pragma once

#include <gofer/base/futex.hpp>
#include <gofer/base/now.hpp>
#include <gofer/fiber/stack_pool.hpp>

namespace gofer::inline v1::fiber {

/// How far a pass has come: stacks are left to look at; over, and there was something to do; over, and nothing was.
enum class TrimPass : std::uint8_t { goes_on, over, settled };

template <class Record>
class Trimmer {
public:
    explicit Trimmer(StackPools<Record>& pools) noexcept : pools_(pools) {}

    /// Looks at up to `budget` stacks from where the last call ended. A stack is trimmed at the second look that
    /// finds it suspended in the same place.
    /// One thread at a time; a second one returns at once. `now` in nanoseconds.
    TrimPass step(std::size_t budget, std::int64_t now = base::now_ns()) noexcept {
        if (!base::asymmetric_barriers()) return TrimPass::settled; // the light side has no fence: we must not race it
        if (!busy_.try_lock()) return TrimPass::over;
        while (budget && !pass_is_over()) {
            const std::size_t n = pools_.slab(class_).size();
            for (; index_ < n && budget && batched_ < batch_size; ++index_, --budget) look(index_, now);
            if (index_ >= n) {
                index_ = 0;
                ++class_;
            }
            if (batched_ == batch_size) trim_batch();
        }
        trim_batch();
        TrimPass result = TrimPass::goes_on;
        if (pass_is_over()) {
            result = unsettled_ ? TrimPass::over : TrimPass::settled;
            unsettled_ = false;
            class_ = 0;
        }
        busy_.unlock();
        return result;
    }

    /// Keeps passes away, for somebody who uses `trimming` himself (hold.hpp). False: one is under way.
    bool keep_off() noexcept { return busy_.try_lock(); }
    void let_on() noexcept { busy_.unlock(); }

private:
    static constexpr std::size_t batch_size = 64;

    bool pass_is_over() const noexcept { return class_ == StackPools<Record>::classes; }

    void look(std::size_t index, std::int64_t now) noexcept {
        if (!pools_.slab(class_).at(index).record) return;
        Fiber& fiber = *pools_.record(class_, index);
        const std::uint32_t suspensions = fiber.suspensions.load(std::memory_order_relaxed);
        if (suspensions != fiber.seen_suspensions) {
            fiber.seen_suspensions = suspensions;
            fiber.seen_at = now;
            fiber.trimmed = false;
            unsettled_ = true;
        } else if (!fiber.trimmed && !fiber.running.load(std::memory_order_relaxed)) {
            fiber.trimming.store(true, std::memory_order_relaxed);
            batch_[batched_++] = &fiber;
        }
    }

    void trim_batch() noexcept {
        if (batched_ == 0) return;
        base::heavy_barrier();
        for (std::size_t i = 0; i < batched_; ++i) {
            Fiber& fiber = *batch_[i];
            if (!fiber.running.load(std::memory_order_acquire)) give_pages_back(fiber);
            fiber.trimming.store(false, std::memory_order_release);
        }
        batched_ = 0;
    }

    static void give_pages_back(Fiber& fiber) noexcept {
        constexpr std::size_t red_zone = 512; // leaf frames, and what a signal handler may leave there
        void* context = fiber.context.load(std::memory_order_relaxed); // once: a stack may be retired at this moment
        auto* live = static_cast<char*>(context ? context : &fiber) - red_zone;
        const std::size_t dead = base::page_begin(static_cast<std::size_t>(live - fiber.bottom));
        if (dead) ::madvise(fiber.bottom, dead, MADV_DONTNEED);
        fiber.trimmed = true;
    }

    StackPools<Record>& pools_;
    base::SpinLock busy_;
    unsigned class_ = 0;
    std::size_t index_ = 0;
    bool unsettled_ = false;
    std::size_t batched_ = 0;
    Fiber* batch_[batch_size] = {};
};

} // namespace gofer::inline v1::fiber
