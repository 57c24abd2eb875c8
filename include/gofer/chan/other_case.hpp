// The cases of a select that are no channel's: recv(future), otherwise() and timeout(), and nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/chan/select_case.hpp>
#include <gofer/wait/event.hpp>

namespace gofer::inline v1::chan {

/// recv(future), recv(future, handler)
template <class H>
class EventCase final : public CaseBase {
public:
    EventCase(std::shared_ptr<wait::Event> event, H handler) : event_(std::move(event)), handler_(std::move(handler)) {}
    EventCase(EventCase&& other) noexcept(std::is_nothrow_move_constructible_v<H>)
        : CaseBase(std::move(other)), event_(std::move(other.event_)), handler_(std::move(other.handler_)) {}

    bool may_proceed() const noexcept override { return event_ && event_->happened(); }
    bool try_now() override { return may_proceed(); }
    bool enlist(wait::Episode& episode, std::uint32_t index) noexcept override {
        if (!event_) return true;
        waiter_.emplace(episode, nullptr, index);
        return event_->enlist(*waiter_);
    }
    void withdraw() noexcept override {
        if (event_) event_->withdraw(*waiter_);
    }
    const void* awaited_event() const noexcept override { return event_.get(); }
    void handle() override { static_cast<void>(handler_()); }

private:
    std::shared_ptr<wait::Event> event_;
    H handler_;
    std::optional<wait::Waiter> waiter_;
};

/// otherwise() and timeout(d)
template <class H>
class PlainCase final : public CaseBase {
public:
    PlainCase(CaseKind which, std::int64_t ns, H handler) : handler_(std::move(handler)) {
        kind = which;
        timeout_ns = ns;
    }
    PlainCase(PlainCase&& other) noexcept(std::is_nothrow_move_constructible_v<H>)
        : CaseBase(std::move(other)), handler_(std::move(other.handler_)) {}
    void handle() override { static_cast<void>(handler_()); }

private:
    H handler_;
};

/// A case that is never ready. It has no state, so all selects of the program may share one.
class NilCase final : public CaseBase {
    void handle() override {}
};
inline CaseBase* nil_case() noexcept {
    static NilCase& nil = *new NilCase; // never destroyed: goroutines may select while the process exits
    return &nil;
}

} // namespace gofer::inline v1::chan
