// An interrupt as a Context will be one: fires once, ends every wait that is attached, and those that come later at
// once.
#pragma once

#include <mutex>

#include <gofer/base/list.hpp>
#include <gofer/wait/episode.hpp>
#include <gofer/wait/waiter.hpp>

namespace fixture {

class Trigger final : public gofer::wait::Interrupt {
public:
    bool attach(gofer::wait::InterruptNode& node) noexcept override {
        const std::lock_guard guard{lock_};
        if (!fired_) nodes_.push_back(node);
        return !fired_;
    }
    void detach(gofer::wait::InterruptNode& node) noexcept override {
        const std::lock_guard guard{lock_};
        nodes_.remove_if_linked(node);
    }

    void fire() {
        gofer::base::EngineRegion engine; // as everything that claims and wakes
        gofer::wait::WakeList woken;
        {
            const std::lock_guard guard{lock_};
            fired_ = true;
            while (gofer::wait::InterruptNode* node = nodes_.pop_front()) woken.add(gofer::wait::end_early(*node));
        }
        woken.wake_all();
    }

    /// Whether no wait is attached.
    bool idle() {
        const std::lock_guard guard{lock_};
        return nodes_.empty();
    }

    /// A Trigger stands for a context: it may be given wherever one may.
    friend gofer::wait::Interrupt* interrupt_of(const Trigger& trigger) noexcept {
        return const_cast<Trigger*>(&trigger);
    }

private:
    gofer::base::SpinLock lock_;
    gofer::base::List<gofer::wait::InterruptNode> nodes_;
};

} // namespace fixture
