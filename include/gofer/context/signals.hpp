// signals and with_signals: Ctrl-C and its kin as values and as the end of a context. Go's os/signal.
#pragma once

#include <initializer_list>
#include <memory>

#include <gofer/context/cancel.hpp>
#include <gofer/context/signal_watch.hpp>

namespace gofer::inline v1 {
namespace context {

class ChannelListener final : public Listener {
public:
    static constexpr int room = 16;

    using Listener::Listener;
    const Channel<int> channel{room};

private:
    Scope* hear(int number) noexcept override {
        static_cast<void>(channel.try_send(number));
        return nullptr;
    }
    bool reaches_anyone() noexcept override { return channel.core()->awaited(); }
    bool abandoned() const noexcept override { return channel.core()->unshared(); }
};

class SignalledScope final : public Scope, private Listener {
public:
    SignalledScope(Node* above, SignalSet to) noexcept : Scope(above), Listener(to) {}

    void listen() { SignalWatch::instance().add(*this); }

private:
    ~SignalledScope() override {
        if (!fired()) disarm();
    }
    void disarm() noexcept override { // none: there was no descriptor or thread for it, and listen() has thrown
        if (SignalWatch* watch = SignalWatch::made()) watch->remove(*this);
    }

    Scope* hear(int) noexcept override { return try_retain() ? this : nullptr; }
    bool reaches_anyone() noexcept override { return Scope::reaches_anyone(); }
    bool abandoned() const noexcept override { return false; }
};

} // namespace context

/// A channel on which each of those signals that the process gets arrives as its number; it then has no other
/// effect. Up to 16 wait to be received, what comes beyond is dropped. Several channels may want one signal. When
/// the last handle is dropped, the signal has its former effect again. Throws std::system_error for a signal that
/// cannot be caught, std::invalid_argument for what is none. Go's signal.Notify.
[[nodiscard]] inline Receiver<int> signals(std::initializer_list<int> numbers) {
    auto listener = std::make_unique<context::ChannelListener>(context::SignalSet(numbers));
    Receiver<int> channel = listener->channel;
    context::SignalWatch::instance().add(*listener);
    static_cast<void>(listener.release()); // the watch's, until the last handle of the channel is gone
    return channel;
}

/// A context that ends at the first of those signals, with a SignalReceived as its cause, when `cancel` is called
/// or destroyed, or when `parent` ends. From then on they have their former effect: a second Ctrl-C ends the
/// process. Throws as signals() does. Go's signal.NotifyContext.
inline WithCancel with_signals(const Context& parent, std::initializer_list<int> numbers) {
    const context::SignalSet set(numbers);
    auto* scope = new context::SignalledScope(parent.node(), set);
    WithCancel result(scope); // before what may throw
    scope->listen();          // before the parent's end can reach it
    context::Wave::join(*scope);
    return result;
}

} // namespace gofer::inline v1
