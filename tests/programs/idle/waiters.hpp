// Everything in which a goroutine or a plain thread can be blocked, all at once.
#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

namespace idle {

class Waiters {
public:
    /// Each kind as plain threads, as goroutines of the default runtime, and as many again through `start`.
    void block_all(const std::function<void(std::function<void()>)>& start) {
        mutex_.lock();
        group_.add(1);
        for (const auto& wait : kinds()) {
            threads_.emplace_back(wait);
            for (int i = 0; i < 100; ++i) {
                gofer::go(wait);
                start(wait);
            }
        }
    }

    /// Lets all of them go on.
    void release_all() {
        channel_.close();
        full_.close();
        promise_.set_value();
        group_.done();
        mutex_.unlock();
        for (auto& thread : threads_) thread.join();
    }

private:
    std::vector<std::function<void()>> kinds() {
        return {
            [this] { channel_.receive(); },
            [this] {
                try {
                    full_.send(1);
                } catch (const gofer::ChannelClosed&) {
                }
            },
            [this] { static_cast<void>(channel_.receive_for(std::chrono::hours{1})); },
            [this] { gofer::select(gofer::recv(channel_), gofer::recv(other_)); },
            [this] { gofer::select(gofer::recv(channel_), gofer::timeout(std::chrono::hours{1})); },
            [this] { gofer::select(gofer::recv(future_), gofer::recv(other_)); },
            [this] { future_.wait(); },
            [this] { group_.wait(); },
            [this] {
                mutex_.lock();
                mutex_.unlock();
            },
        };
    }

    const gofer::Channel<int> channel_, full_, other_;
    gofer::Promise<void> promise_;
    const gofer::Future<void> future_{promise_.future()};
    gofer::WaitGroup group_;
    gofer::Mutex mutex_;
    std::vector<std::thread> threads_;
};

} // namespace idle
