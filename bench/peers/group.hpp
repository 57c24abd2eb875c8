// The group of the peers whose wait groups start nothing themselves.
#pragma once

#include <utility>

namespace bench {

/// Forks by Start, and joins all that it forked. At most one goroutine waits.
template <class WaitGroup, class Start>
class Group {
public:
    template <class F>
    void run(F f) {
        forked_.add(1);
        Start{}([this, f = std::move(f)]() mutable {
            f();
            forked_.done();
        });
    }
    void wait() { forked_.wait(); }

private:
    WaitGroup forked_;
};

} // namespace bench
