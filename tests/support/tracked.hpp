// Values that count themselves, to prove that nothing is lost and nothing doubled on its way through the
// library.
//
// Tracked is copyable, Lone only movable, Fragile refuses one of its moves with an exception. A moved-from
// value carries `husk`, so that a hollow one that is delivered shows. All counters are process-wide.
#pragma once

#include <atomic>
#include <stdexcept>
#include <utility>

#include <gofer/gofer.hpp>

namespace fixture {

inline constexpr int husk = -1;

/// A member of this type counts the objects that hold it.
class Alive {
public:
    Alive() noexcept { ++count; }
    Alive(const Alive&) noexcept {
        ++count;
        ++copies;
    }
    Alive(Alive&&) noexcept { ++count; }
    Alive& operator=(const Alive&) noexcept {
        ++copies;
        return *this;
    }
    Alive& operator=(Alive&&) noexcept { return *this; }
    ~Alive() { --count; }

    static inline std::atomic<long> count{0};
    static inline std::atomic<long> copies{0};
};

/// An int that becomes a husk when moved from.
class Number {
public:
    Number(int n) noexcept : n_{n} {}
    Number(const Number&) noexcept = default;
    Number(Number&& other) noexcept : n_{std::exchange(other.n_, husk)} {}
    Number& operator=(const Number&) noexcept = default;
    Number& operator=(Number&& other) noexcept {
        n_ = std::exchange(other.n_, husk);
        return *this;
    }
    operator int() const noexcept { return n_; }

private:
    int n_;
};

struct Tracked {
    explicit Tracked(int n) noexcept : value{n} {}

    Number value;
    Alive alive{};
};

struct Lone {
    explicit Lone(int n) noexcept : value{n} {}
    Lone(Lone&&) noexcept = default;
    Lone& operator=(Lone&&) noexcept = default;

    Number value;
    Alive alive{};
};

/// A move-only value that takes its time to die: whoever is told too early that it is gone finds it alive.
class SlowToDie {
public:
    explicit SlowToDie(std::atomic<bool>& dead) noexcept : dead_{&dead} {}
    SlowToDie(SlowToDie&& other) noexcept : dead_{std::exchange(other.dead_, nullptr)} {}
    SlowToDie& operator=(SlowToDie&&) = delete;
    ~SlowToDie() {
        if (dead_ == nullptr) return;
        for (int i = 0; i < 10; ++i) gofer::yield();
        *dead_ = true;
    }

private:
    std::atomic<bool>* dead_;
};

struct MoveRefused : std::runtime_error {
    MoveRefused() : std::runtime_error{"this move was to throw"} {}
};

/// Move-only; after `sound_moves` moves one throws and changes nothing, all later ones are sound.
class Fragile {
public:
    Fragile(int n, int sound_moves) noexcept : sound_moves_{sound_moves}, value{n} {}
    Fragile(Fragile&& other) : sound_moves_{other.step()}, value{std::move(other.value)} {}
    Fragile& operator=(Fragile&& other) {
        sound_moves_ = other.step();
        value = std::move(other.value);
        return *this;
    }

private:
    static constexpr int for_ever = -1;

    int step() {
        if (sound_moves_ == for_ever) return for_ever;
        if (sound_moves_ > 0) return sound_moves_ - 1;
        sound_moves_ = for_ever;
        throw MoveRefused{};
    }

    int sound_moves_{for_ever};

public:
    Number value;
    Alive alive{};
};

} // namespace fixture
