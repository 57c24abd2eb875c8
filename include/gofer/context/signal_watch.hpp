// Signals on their way to goroutines. The handler only counts and writes to an eventfd; one thread of the library,
// started at first use, reads it and tells the listeners. The disposition that was there before comes back when the
// last listener of a signal goes, unless somebody else has set another since.
//
// A channel of signals() has no owner that could say that it is no longer wanted: its listener is dropped when we
// hold the last handle. When a signal comes that nobody wants any more, it is sent again, to have the effect it had
// before. So it has in a child of fork, where that thread is missing.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <gofer/base/thread_exit.hpp>
#include <gofer/context/wave.hpp>

namespace gofer::inline v1::context {

/// A set of signals, 1 to 64.
class SignalSet {
public:
    static constexpr int last = 64;

    SignalSet(std::initializer_list<int> numbers) {
        if (numbers.size() == 0) throw std::invalid_argument("gofer: name the signals to be told of");
        for (const int n : numbers) {
            if (n < 1 || n > last) throw std::invalid_argument("gofer: there is no signal " + std::to_string(n));
            bits_ |= bit(n);
        }
    }
    bool has(int n) const noexcept { return bits_ & bit(n); }

private:
    static std::uint64_t bit(int n) noexcept { return std::uint64_t{1} << (n - 1); }
    std::uint64_t bits_ = 0;
};

struct Listener : base::ListHook<Listener> {
    explicit Listener(SignalSet to) noexcept : signals(to) {}
    virtual ~Listener() = default;

    /// Under the watch's lock. A scope that has to end, retained, or null.
    virtual Scope* hear(int number) noexcept = 0;
    /// Whether a signal would wake anybody. Under the watch's lock.
    virtual bool reaches_anyone() noexcept = 0;
    /// Nobody is behind it any more: the watch deletes it.
    virtual bool abandoned() const noexcept = 0;

    const SignalSet signals;
};

class SignalWatch {
public:
    [[gnu::visibility("default")]] static SignalWatch& instance() {
        static SignalWatch& watch = *new SignalWatch; // never destroyed: its thread outlives main
        return watch;
    }

    /// Null before first use. For reports, which must not start it.
    static SignalWatch* made() noexcept { return made_slot().load(std::memory_order_acquire); }

    /// Whether a signal could wake anybody, or does so at the moment.
    bool may_wake() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        for (Listener* l = listeners_.front(); l; l = l->next)
            if (l->reaches_anyone()) return true;
        return delivering_.load(std::memory_order_acquire); // after the listeners: those it has dealt with reach no one
    }

    /// Throws std::system_error for a signal that cannot be caught; nothing has changed then.
    void add(Listener& listener) {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        prune();
        listeners_.push_back(listener);
        for (int n = 1; n <= SignalSet::last; ++n) {
            if (!listener.signals.has(n) || taken_[n] || take(n)) continue;
            const int error = errno;
            listeners_.remove(listener);
            restore_unwanted();
            throw std::system_error(error, std::generic_category(), "gofer: signal " + std::to_string(n));
        }
    }
    void remove(Listener& listener) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (listeners_.remove_if_linked(listener)) restore_unwanted();
    }

private:
    SignalWatch() : event_(::eventfd(0, EFD_CLOEXEC)) {
        if (event_ < 0) throw std::system_error(errno, std::generic_category(), "gofer: eventfd");
        event_of_handler().store(event_, std::memory_order_release);
        try {
            base::start_for_good([this] { watch(); });
        } catch (...) {
            event_of_handler().store(-1, std::memory_order_release);
            ::close(event_);
            throw;
        }
        made_slot().store(this, std::memory_order_release);
    }

    [[gnu::visibility("default")]] static std::atomic<SignalWatch*>& made_slot() noexcept {
        static constinit std::atomic<SignalWatch*> made{nullptr};
        return made;
    }

    [[gnu::visibility("default")]] static std::atomic<int>& event_of_handler() noexcept {
        static constinit std::atomic<int> event{-1};
        return event;
    }
    [[gnu::visibility("default")]] static std::atomic<std::uint32_t>* pending() noexcept {
        static constinit std::atomic<std::uint32_t> counts[SignalSet::last + 1] = {};
        return counts;
    }

    // In the signal handler, on any thread at any point.
    static void note(int number) {
        const int saved = errno;
        if (SignalWatch* watch = made(); watch && ::getpid() != watch->process_) {
            ::sigaction(number, &watch->before_[number], nullptr); // a child of fork, where nobody reads what we write
            ::raise(number); // all signals are held back here: it arrives at the end
            errno = saved;
            return;
        }
        pending()[number].fetch_add(1, std::memory_order_release); // partner: watch()
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written =
            ::write(event_of_handler().load(std::memory_order_acquire), &one, sizeof one);
        errno = saved;
    }

    void watch() noexcept {
        base::EngineRegion engine;
        sched::PlainThreads::note_ours();
        ::pthread_setname_np(::pthread_self(), "gofer-signals");
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        for (;;) {
            std::uint64_t count = 0;
            if (::read(event_, &count, sizeof count) < 0 && errno != EINTR) return;
            delivering_.store(true, std::memory_order_seq_cst); // partner: may_wake()
            for (int n = 1; n <= SignalSet::last; ++n)
                for (auto times = pending()[n].exchange(0, std::memory_order_acquire); times > 0; --times) deliver(n);
            delivering_.store(false, std::memory_order_release);
        }
    }

    void deliver(int number) {
        std::vector<Scope*> ending;
        if (!tell(number, ending)) ::kill(::getpid(), number);
        base::UserCode user;
        for (Scope* scope : ending) {
            Wave::run(*scope, {std::errc::operation_canceled, std::make_exception_ptr(SignalReceived(number))});
            Node::release(scope);
        }
    }
    // False: nobody wants it any more.
    bool tell(int number, std::vector<Scope*>& ending) {
        const std::lock_guard<base::SpinLock> guard(lock_);
        prune();
        for (Listener* l = listeners_.front(); l; l = l->next)
            if (l->signals.has(number))
                if (Scope* scope = l->hear(number)) ending.push_back(scope);
        return taken_[number];
    }

    void prune() noexcept {
        for (Listener *l = listeners_.front(), *next = nullptr; l; l = next) {
            next = l->next;
            if (!l->abandoned()) continue;
            listeners_.remove(*l);
            delete l;
        }
        restore_unwanted();
    }
    bool wanted(int number) const noexcept {
        for (const Listener* l = listeners_.front(); l; l = l->next)
            if (l->signals.has(number)) return true;
        return false;
    }
    bool take(int number) noexcept {
        struct sigaction ours {};
        ours.sa_handler = &SignalWatch::note;
        ours.sa_flags = SA_RESTART | SA_ONSTACK;
        ::sigfillset(&ours.sa_mask);
        taken_[number] = ::sigaction(number, &ours, &before_[number]) == 0;
        return taken_[number];
    }
    void restore_unwanted() noexcept {
        for (int n = 1; n <= SignalSet::last; ++n) {
            if (!taken_[n] || wanted(n)) continue;
            struct sigaction now {};
            if (::sigaction(n, nullptr, &now) == 0 && now.sa_handler == &SignalWatch::note)
                ::sigaction(n, &before_[n], nullptr);
            taken_[n] = false;
        }
    }

    const int event_;
    const pid_t process_ = ::getpid();
    base::SpinLock lock_;
    base::List<Listener> listeners_;
    std::atomic<bool> delivering_{false};
    bool taken_[SignalSet::last + 1] = {};
    struct sigaction before_[SignalSet::last + 1] = {};
};

} // namespace gofer::inline v1::context
