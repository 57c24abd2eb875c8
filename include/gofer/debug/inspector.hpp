// What a parked goroutine waits for, in words and numbers: `receive on channel 0x7f.. (unbuffered, 0 senders waiting)`,
// `WaitGroup at 3`, `sleep, 1.2 s left`.
//
// The goroutine is held (fiber/hold.hpp), so its own frame stands still and is read as it is. What it waits on may end
// any moment: a partner has claimed the wait and the goroutine only does not run yet. So that is read by base::peek,
// which cannot fault, and whoever asks looks at the goroutine's state afterwards: while that is `parked` the object was
// there, but for the instant in which the partner has claimed the wait and has not said so.
// Takes no lock, allocates nothing.
#pragma once

#include <gofer/base/peek.hpp>
#include <gofer/base/text.hpp>
#include <gofer/chan/channel_core.hpp>
#include <gofer/chan/select.hpp>
#include <gofer/sync/barrier.hpp>
#include <gofer/sync/mutex.hpp>
#include <gofer/sync/once.hpp>
#include <gofer/sync/rw_mutex.hpp>
#include <gofer/sync/semaphore.hpp>
#include <gofer/sync/wait_group.hpp>

namespace gofer::inline v1::debug {

struct Inspector {
    base::Text& text;
    const void* on;

    /// `g` is held and parked. `now` in nanoseconds.
    static void describe(base::Text& text, const task::Goroutine& g, std::int64_t now) noexcept {
        const auto reason = g.reason.load(std::memory_order_relaxed);
        Inspector(text, g.waits_on).thing(reason);
        if (!g.episode) return;
        const std::int64_t deadline = static_cast<const wait::Episode*>(g.episode)->deadline();
        if (deadline == base::never) {
            if (reason == task::WaitReason::sleep) text.add(", for ever");
            return;
        }
        text.add(", ");
        text.add_duration(deadline > now ? deadline - now : 0);
        text.add(" left");
    }

    /// An address on the stack of whoever has it alone; null: not known, or nobody has.
    static const void* frame_of_owner(const Mutex& mutex) noexcept {
        std::uint32_t word = 0;
        return base::peek(&mutex.word_, word) && word & Mutex::locked ? frame_in(mutex.owner_) : nullptr;
    }
    static const void* frame_of_owner(const RWMutex& mutex) noexcept {
        std::uint32_t word = 0;
        return base::peek(&mutex.word_, word) && word & RWMutex::writing ? frame_in(mutex.writer_) : nullptr;
    }
    /// Of what a goroutine waits on for this reason; null too where that is no lock.
    static const void* frame_of_owner(task::WaitReason reason, const void* lock) noexcept {
        using enum task::WaitReason;
        if (reason == mutex) return frame_of_owner(*static_cast<const Mutex*>(lock));
        if (reason != read_lock && reason != write_lock) return nullptr;
        return frame_of_owner(*static_cast<const RWMutex*>(lock));
    }

    /// `visit(case)` for each case of a select that is a channel's or a Future's. The goroutine is suspended in it.
    template <class Visit>
    static void for_each_case(const void* selection, Visit visit) noexcept {
        const auto& s = *static_cast<const chan::Selection*>(selection);
        for (std::uint32_t i = 0; i < s.channels_; ++i) visit(*s.cases_[s.order_[i]]);
    }

private:
    static const void* frame_in(const sync::Owner& owner) noexcept {
        const void* frame = nullptr;
        base::peek(&sync::OwnerView::frame_of(owner), frame);
        return frame;
    }

    Inspector(base::Text& t, const void* object) noexcept : text(t), on(object) {}

    void thing(task::WaitReason reason) noexcept {
        using enum task::WaitReason;
        text.add("%s", task::describe(reason));
        switch (reason) {
        case receive:
        case send: return channel(reason == receive);
        case tick:
        case cond:
        case once:
        case future: return text.add(" %p", on);
        case select: return cases();
        case wait_group: return count_of_group();
        case mutex: return owner();
        case read_lock:
        case write_lock: return owners();
        case semaphore: return permits();
        case barrier: return arrived();
        default: return;
        }
    }

    // One who receives waits only while nothing is there and nobody sends, one who sends only while it is full
    // (exchange.hpp). So the capacity is all there is to ask.
    void channel(bool receives) noexcept {
        const char* others = receives ? "senders" : "receivers";
        std::size_t buffer = 0;
        text.add(" %p", on);
        if (!base::peek(&static_cast<const chan::Outline*>(on)->slots, buffer)) return;
        if (buffer == 0)
            text.add(" (unbuffered, 0 %s waiting)", others);
        else
            text.add(" (buffer of %zu %s, 0 %s waiting)", buffer, receives ? "empty" : "full", others);
    }

    void cases() noexcept { // in the goroutine's frame
        const auto& s = *static_cast<const chan::Selection*>(on);
        text.add(" of %u", s.channels_ + (s.timeout_ != chan::Selection::none ? 1 : 0));
    }

    void count_of_group() noexcept {
        std::int64_t word = 0;
        if (base::peek(&static_cast<const WaitGroup*>(on)->word_, word))
            text.add(" at %lld", static_cast<long long>(word >> WaitGroup::count_shift));
    }

    void owner() noexcept {
        std::uint32_t word = 0;
        text.add(" %p", on);
        if (!base::peek(&static_cast<const Mutex*>(on)->word_, word)) return;
        if (!(word & Mutex::locked)) return text.add(" (free now)");
        held("locked", frame_of_owner(*static_cast<const Mutex*>(on)));
    }

    void owners() noexcept {
        std::uint32_t word = 0;
        text.add(" %p", on);
        if (!base::peek(&static_cast<const RWMutex*>(on)->word_, word)) return;
        if (const unsigned readers = word / RWMutex::one_reader)
            return text.add(" (held by %u reader%s)", readers, readers == 1 ? "" : "s");
        if (!(word & RWMutex::writing)) return text.add(" (free now)");
        held("held for writing", frame_of_owner(*static_cast<const RWMutex*>(on)));
    }

    // By whom, as far as it is known: a parked goroutine has nothing below its saved registers.
    void held(const char* how, const void* frame) noexcept {
        if (!frame) return text.add(" (%s)", how);
        const task::Goroutine* g = task::stack_pools().record_of(frame);
        if (!g) return text.add(" (%s by a thread)", how);
        const task::State state = g->state.load(std::memory_order_relaxed);
        const bool left = state == task::State::parked && frame < g->context.load(std::memory_order_relaxed);
        if (left || state == task::State::vacant) return text.add(" (%s)", how);
        text.add(" (%s by goroutine %llu)", how, static_cast<unsigned long long>(g->id));
    }

    void permits() noexcept {
        const auto& s = *static_cast<const Semaphore*>(on);
        std::int64_t word = 0, limit = 0;
        if (base::peek(&s.word_, word) && base::peek(&s.limit_, limit))
            text.add(" (%lld of %lld free)", static_cast<long long>(word >> Semaphore::count_shift),
                     static_cast<long long>(limit));
    }

    void arrived() noexcept {
        const auto& b = *static_cast<const Barrier*>(on);
        std::int64_t word = 0, parties = 0;
        if (base::peek(&b.word_, word) && base::peek(&b.parties_, parties))
            text.add(" (%lld of %lld have arrived)", static_cast<long long>(word / Barrier::one),
                     static_cast<long long>(parties));
    }
};

} // namespace gofer::inline v1::debug
