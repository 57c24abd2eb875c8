// A ticker drives work: something is done at each tick, until somebody says stop, or it has gone on for too
// long. Late ticks do not pile up, and the ticks do not drift.
//
// In Go:
//     ticker := time.NewTicker(period)
//     defer ticker.Stop()
//     timeout := time.After(patience)
//     for {
//         select {
//         case <-ticker.C:
//             select {
//             case work <- n:
//             case <-stop:
//                 return
//             }
//         case <-stop:
//             return
//         case <-timeout:
//             return
//         }
//     }
#include <chrono>
#include <cstdio>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

/// Blinks at each tick, and tells how it came to an end.
const char* blink(gofer::Receiver<gofer::Unit> stop, gofer::Sender<int> blinks, std::chrono::milliseconds patience) {
    const gofer::Ticker ticker(2ms);
    const auto timeout = gofer::after(patience);
    for (int n = 1;; ++n) {
        switch (gofer::select(gofer::recv(stop), gofer::recv(timeout), gofer::recv(ticker.channel()))) {
        case 0: return "stopped";
        case 1: return "out of time";
        default:
            if (gofer::select(gofer::recv(stop), gofer::send(blinks, n)) == 0) return "stopped"; // nobody looks any more
        }
    }
}

int main() {
    const gofer::Channel<gofer::Unit> stop;
    const gofer::Channel<int> blinks;
    auto ended = gofer::async(blink, stop, blinks, 1h);
    for (int n = 0; n < 3; ++n) {
        std::printf("blink %d\n", blinks.receive().value());
    }
    stop.close();
    std::printf("%s\n", ended.get());

    const gofer::Channel<int> nobody_looks(1000);
    std::printf("%s\n", blink(nullptr, nobody_looks, 20ms));
}
