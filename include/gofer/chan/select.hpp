// select: waits on several channels at once and runs one case. Go's select statement.
//
// First every case is tried in a random order, each under its own channel's lock alone and after a look without it.
// If none goes through, a waiter joins the list of each channel in turn, and the goroutine parks; whoever comes first
// claims the episode by one compare-and-swap, and the other waiters leave their lists. A case that turns out ready
// while the lists are joined ends the attempt (we claim ourselves) and the select starts over. Unlike in Go, which
// locks all channels for each select, that happens only before a select says that none of several is ready.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <vector>

#include <gofer/base/random.hpp>
#include <gofer/chan/cases.hpp>
#include <gofer/chan/select_case.hpp>

namespace gofer::inline v1 {
namespace chan {

class Selection {
public:
    Selection(const Selection&) = delete;
    Selection& operator=(const Selection&) = delete;
    Selection(CaseBase* const* cases, std::size_t count) : cases_(cases) {
        if (count > few_.size()) {
            many_.resize(count);
            order_ = many_.data();
        }
        for (std::size_t i = 0; i < count; ++i) classify(static_cast<std::uint32_t>(i));
    }

    ~Selection() {
        if (waited_by_clock_) [[unlikely]]
            leave_clocks();
    }

    /// The position of the chosen case. Its handler has not run yet.
    std::size_t choose() {
        const std::int64_t deadline = timeout_ns_ == base::never ? base::never
                                      : timeout_ns_ == 0         ? wait::no_wait
                                                                 : base::deadline_after(timeout_ns_);
        for (;;) {
            if (try_all()) return chosen_;
            const wait::Until until{deadline, nullptr};
            if (otherwise_ != none || until.over()) {
                if (!none_ready_at_once()) continue;
                return otherwise_ != none ? otherwise_ : timeout_;
            }
            if (block(until)) return chosen_;
        }
    }

private:
    friend struct debug::Inspector;

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void classify(std::uint32_t i) noexcept {
        const CaseBase& c = *cases_[i];
        if (c.kind == CaseKind::channel) {
            order_[channels_++] = i;
            by_clock_ = by_clock_ || c.by_clock;
        } else if (c.kind == CaseKind::otherwise) {
            if (otherwise_ == none) otherwise_ = i;
        } else if (timeout_ == none || c.timeout_ns < timeout_ns_) {
            timeout_ = i;
            timeout_ns_ = c.timeout_ns;
        }
    }

    void shuffle() noexcept {
        if (channels_ < 2) return;
        base::EngineRegion engine; // the worker's generator is used by one goroutine after the other
        sched::Worker* w = sched::this_worker();
        base::Random own(w ? 0 : static_cast<std::uint64_t>(base::now_ns()));
        base::Random& random = w ? w->random : own;
        for (std::uint32_t i = channels_ - 1; i > 0; --i) std::swap(order_[i], order_[random.below(i + 1)]);
    }

    bool try_all() {
        shuffle();
        for (std::uint32_t i = 0; i < channels_; ++i) {
            CaseBase& c = *cases_[order_[i]];
            if (!c.may_proceed() || !c.try_now()) continue;
            chosen_ = order_[i];
            return true;
        }
        return false;
    }

    // One after the other the cases may each be found not ready, though at every moment one of them was. Before a
    // select says that none is, it looks at all at one moment: the only place where several channel locks are held,
    // in the order of their addresses.
    bool none_ready_at_once() noexcept {
        if (channels_ < 2) return true;
        base::EngineRegion engine;
        std::sort(order_, order_ + channels_, [this](std::uint32_t a, std::uint32_t b) {
            return std::less<const void*>()(cases_[a]->lock_address(), cases_[b]->lock_address());
        });
        for_each_lock([](CaseBase& c) { c.lock(); });
        bool ready = false;
        for (std::uint32_t i = 0; i < channels_; ++i) ready = ready || cases_[order_[i]]->may_proceed();
        for_each_lock([](CaseBase& c) { c.unlock(); });
        return !ready;
    }
    // In the order of the addresses, each lock once.
    template <class Visit>
    void for_each_lock(Visit visit) noexcept {
        const void* last = nullptr;
        for (std::uint32_t i = 0; i < channels_; ++i) {
            CaseBase& c = *cases_[order_[i]];
            if (c.lock_address() && c.lock_address() != last) visit(c);
            last = c.lock_address();
        }
    }

    // True: chosen_ is set. False: start over.
    bool block(wait::Until until) {
        if (!wait_in_lists(until)) return false;
        return chosen_ == timeout_ || cases_[chosen_]->finish();
    }

    bool wait_in_lists(wait::Until until) {
        base::EngineRegion engine;
        const std::int64_t deadline = until.deadline;
        if (by_clock_) [[unlikely]]
            until.deadline = std::min(deadline, first_alarm());
        wait::Episode episode(until, true);
        std::uint32_t enlisted = 0;
        bool all = true;
        for (; all && enlisted < channels_; ++enlisted) {
            const std::uint32_t i = order_[enlisted];
            all = cases_[i]->enlist(episode, i);
        }
        const bool start_over = !all && episode.claim(wait::Ended::by_interrupt);
        if (!start_over)
            episode.park(channels_ ? task::WaitReason::select : task::WaitReason::empty_select, this,
                         wait::Unlock::nothing());
        for (std::uint32_t i = 0; i < enlisted; ++i) cases_[order_[i]]->withdraw();
        if (start_over) return false;
        episode.pass_unwind();
        if (until.deadline < deadline && episode.ended() == wait::Ended::by_deadline) return false; // a timer's turn
        base::engine_acquire(&episode); // a partner that claimed it before it parked did not make it ready
        chosen_ = episode.ended() == wait::Ended::by_deadline ? timeout_ : episode.which();
        return true;
    }

    // Timers' channels wake nobody: those who wait do so until the first of them is due (clockwork.hpp).
    std::int64_t first_alarm() noexcept {
        waited_by_clock_ = true;
        std::int64_t first = base::never;
        for (std::uint32_t i = 0; i < channels_; ++i) first = std::min(first, cases_[order_[i]]->alarm());
        return first;
    }
    void leave_clocks() noexcept {
        base::EngineRegion engine;
        for (std::uint32_t i = 0; i < channels_; ++i) cases_[order_[i]]->leave();
    }

    CaseBase* const* cases_;
    std::array<std::uint32_t, 16> few_;
    std::vector<std::uint32_t> many_;
    std::uint32_t* order_ = few_.data();
    std::uint32_t channels_ = 0;
    std::size_t otherwise_ = none;
    std::size_t timeout_ = none;
    std::int64_t timeout_ns_ = base::never;
    std::size_t chosen_ = none;
    bool by_clock_ = false;
    bool waited_by_clock_ = false;
};

inline std::size_t run_select(CaseBase* const* cases, std::size_t count) {
    std::size_t chosen = Selection(cases, count).choose();
    cases[chosen]->handle();
    return chosen;
}

inline CaseBase* base_of(CaseBase& c) noexcept { return &c; }
inline CaseBase* base_of(SelectCase& c) noexcept { return c.base(); }

template <class C>
concept Case = (std::is_base_of_v<CaseBase, std::remove_cvref_t<C>> && !std::is_lvalue_reference_v<C>) ||
               std::is_same_v<std::remove_cvref_t<C>, SelectCase>;

} // namespace chan

/// Runs one of the cases: one that is ready, chosen at random among those; else waits for the first to become
/// ready. Returns its position among the arguments. With no case, or only nil channels, blocks for ever. Throws
/// ChannelClosed when a send on a closed channel is chosen, and what the handler throws. Linear in the cases.
template <chan::Case... Cases>
std::size_t select(Cases&&... cases) {
    if constexpr (sizeof...(Cases) == 0) {
        wait::park_forever(task::WaitReason::empty_select);
    } else {
        chan::CaseBase* const list[] = {chan::base_of(cases)...};
        return chan::run_select(list, sizeof...(Cases));
    }
}

/// The same over cases chosen at run time.
inline std::size_t select(std::span<SelectCase> cases) {
    if (cases.empty()) wait::park_forever(task::WaitReason::empty_select);
    std::vector<chan::CaseBase*> list;
    list.reserve(cases.size());
    for (SelectCase& c : cases) list.push_back(c.base());
    return chan::run_select(list.data(), list.size());
}

} // namespace gofer::inline v1
