// A goroutine that has not started: its closure and where it was started, in 64 bytes for a small closure, and no
// stack. The queue holds a pointer to it; the worker that takes it moves the closure onto its own stack, frees the
// record and calls the closure as a plain function. A goroutine that never parks costs no switch and no stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <gofer/base/place.hpp>
#include <gofer/task/closure.hpp>
#include <gofer/task/record_pool.hpp>
#include <gofer/task/waker.hpp>

namespace gofer::inline v1::task {

/// What `go` was asked for beyond the closure, and what the flight recorder notes of the start.
struct TaskOptions {
    std::string name;
    std::size_t stack_size = 0;
    Waker started_by{};
};

struct Goroutine;

/// What to do when a goroutine is abandoned at the end of its runtime; lies in its closure.
struct AbandonHook {
    void (*abandon)(AbandonHook&) = nullptr;
    bool after_its_code = false; // not while blocking code of the goroutine runs: it refers to what goes then
};

void when_abandoned(const Goroutine& g, AbandonHook* hook) noexcept; // goroutine.hpp. In the goroutine itself

/// Of the worker that the goroutine is on now. To move and destroy a closure is the user's code, and may park.
RecordPool* records_of(const Goroutine& g) noexcept; // worker.hpp

enum class TaskAction : std::uint8_t { run, destroy, abandon };

struct Task {
    using Act = void (*)(Task*, TaskAction, const void* whom);

    Act act;
    const void* where; // file name, or return address when line is 0
    std::uint32_t line;
    std::uint32_t reserved = 0;
    TaskOptions* options = nullptr;

    Task(Act a, base::Place place) noexcept
        : act(a), where(place.file ? place.file : place.address), line(place.file ? place.line : 0) {}

    base::Place place() const noexcept {
        return line ? base::Place{static_cast<const char*>(where), line, nullptr} : base::Place::at(where);
    }
    /// Runs the closure here and now, and frees the record.
    void run(const Goroutine& as) { act(this, TaskAction::run, &as); }
    /// Destroys the closure unrun, and frees the record.
    void destroy(RecordPool* pool) { act(this, TaskAction::destroy, pool); }
    /// Its runtime has ended: it will never run, and is kept. Whoever waits for its result is told.
    void abandon() { act(this, TaskAction::abandon, nullptr); }
};

/// A closure that is to be told when its goroutine is abandoned, and is on its way to that one's stack: to move it, and to
/// destroy what stays behind, is the user's code, and may park.
template <class F>
class OnItsWay : AbandonHook {
public:
    OnItsWay(const void* whom, F& from) noexcept : goroutine_(*static_cast<const Goroutine*>(whom)), closure_(&from) {
        AbandonHook::abandon = [](AbandonHook& hook) { static_cast<OnItsWay&>(hook).closure_->abandon(); };
        AbandonHook::after_its_code = true;
        when_abandoned(goroutine_, this);
    }
    void is_at(F& to) noexcept { closure_ = &to; }
    /// It tells of itself from here on.
    void arrives() noexcept { when_abandoned(goroutine_, nullptr); }

private:
    const Goroutine& goroutine_;
    F* closure_;
};

/// One that nobody waits for.
template <class F>
    requires(!requires(F& f) { f.abandon(); })
class OnItsWay<F> {
public:
    OnItsWay(const void*, F&) noexcept {}
    void is_at(F&) noexcept {}
    void arrives() noexcept {}
};

template <class F>
struct TaskOf final : Task {
    F closure;

    template <class G>
    TaskOf(base::Place place, G&& g) : Task(&TaskOf::perform, place), closure(std::forward<G>(g)) {}

private:
    // Moving the closure out lets the record be used again at once, while it is in the cache.
    static constexpr bool moves_out = std::is_nothrow_move_constructible_v<F> && sizeof(F) <= 256;

    static void perform(Task* task, TaskAction action, const void* whom) {
        auto* self = static_cast<TaskOf*>(task);
        if (action == TaskAction::destroy) {
            drop(self->closure);
            return self->free([whom] { return static_cast<RecordPool*>(const_cast<void*>(whom)); });
        }
        if (action == TaskAction::abandon) {
            if constexpr (requires { self->closure.abandon(); }) self->closure.abandon();
            return;
        }
        if constexpr (moves_out) {
            OnItsWay<F> way(whom, self->closure);
            F closure(std::move(self->closure));
            way.is_at(closure);
            self->free([whom] { return records_of(*static_cast<const Goroutine*>(whom)); });
            way.arrives();
            std::move(closure)();
        } else {
            struct AtEnd { // by way of the depot
                TaskOf* task;
                ~AtEnd() {
                    task->free([] { return nullptr; });
                }
            } at_end{self};
            std::move(self->closure)();
        }
    }

    /// `pool` is asked for when the closure has gone: its destructor may have parked, and come back on another worker.
    template <class Pool>
    void free(Pool pool) noexcept {
        this->~TaskOf();
        base::EngineRegion engine;
        give_record_back(pool(), this, sizeof(TaskOf), alignof(TaskOf));
    }
};

/// A record with `closure` in it. Throws what the closure's construction throws, and bad_alloc.
template <class F, class G>
Task* make_task(RecordPool* pool, base::Place place, G&& closure) {
    using Record = TaskOf<F>;
    void* memory;
    {
        base::EngineRegion engine;
        memory = take_record(pool, sizeof(Record), alignof(Record));
    }
    struct Guard { // by way of the depot: the closure's constructor may have parked, and `pool` be another worker's
        void* memory;
        ~Guard() {
            if (!memory) return;
            base::EngineRegion engine;
            give_record_back(nullptr, memory, sizeof(Record), alignof(Record));
        }
    } guard{memory};
    Task* task = ::new (memory) Record(place, std::forward<G>(closure));
    guard.memory = nullptr;
    return task;
}

} // namespace gofer::inline v1::task
