// A thread that a test does not wait for without end, as what it calls may hang: it owns all it uses.
//
// It is joined when it has ended. A runtime that a thread nobody joins still shuts down while the process exits has a
// worker that has ended and was not joined, which TSan reports.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "leaks.hpp"

namespace fixture {

class Apart {
public:
    template <class F>
    explicit Apart(F f)
        : ended_{std::make_shared<std::atomic<bool>>(false)}, thread_{[f = std::move(f), ended = ended_] {
              f();
              *ended = true;
          }} {}

    Apart(const Apart&) = delete;
    Apart& operator=(const Apart&) = delete;
    ~Apart() { ends() ? thread_.join() : thread_.detach(); }

    [[nodiscard]] bool ends() const {
        return eventually([this] { return ended_->load(); });
    }

private:
    std::shared_ptr<std::atomic<bool>> ended_;
    std::thread thread_;
};

} // namespace fixture
