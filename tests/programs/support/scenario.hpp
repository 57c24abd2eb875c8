// A program that holds many scenarios: each registers itself under a name, and the command line chooses one.
//
//     const programs::Scenario two_writers{"two writers", [](const programs::Setting& s) { ... }};
//     PROGRAM "two writers" WORKERS [yield | ROUNDS]
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gofer/gofer.hpp>

namespace programs {

struct Setting {
    unsigned workers{1};
    bool yields{false};
    int rounds{20};

    /// The place where a scenario gives way to the others, when it is asked to.
    void between() const {
        if (yields) gofer::yield();
    }
    /// Options with so many workers and a grace that only a defect uses up.
    [[nodiscard]] gofer::RuntimeOptions options() const {
        gofer::RuntimeOptions options;
        options.workers = workers;
        options.shutdown_grace = std::chrono::seconds{60};
        return options;
    }
};

class Scenario {
public:
    using Run = void (*)(const Setting&);

    Scenario(const char* name, Run run) noexcept : name_{name}, run_{run}, next_{first} { first = this; }

    /// What main() returns. The default runtime gets the same number of workers.
    static int main(int argc, char** argv) {
        const Scenario* chosen = argc < 2 ? nullptr : find(argv[1]);
        if (chosen == nullptr) return usage();
        Setting setting;
        if (argc > 2) setting.workers = static_cast<unsigned>(std::atoi(argv[2]));
        setting.yields = argc > 3 && std::strcmp(argv[3], "yield") == 0;
        if (argc > 3 && std::atoi(argv[3]) > 0) setting.rounds = std::atoi(argv[3]);
        ::setenv("GOFER_MAXPROCS", std::to_string(setting.workers).c_str(), 1);
        chosen->run_(setting);
        return 0;
    }

private:
    static const Scenario* find(const char* name) noexcept {
        const Scenario* s = first;
        while (s != nullptr && std::strcmp(s->name_, name) != 0) s = s->next_;
        return s;
    }
    static int usage() {
        std::fputs("usage: PROGRAM NAME [WORKERS [yield | ROUNDS]], where NAME is one of\n", stderr);
        for (const Scenario* s = first; s != nullptr; s = s->next_) std::fprintf(stderr, "  %s\n", s->name_);
        return 2;
    }

    const char* name_;
    Run run_;
    const Scenario* next_;
    static inline const Scenario* first = nullptr;
};

/// Ends the program as failed, with the reason, when a scenario finds what it must not.
inline void require(bool holds, const char* claim) {
    if (holds) return;
    std::fflush(stdout);
    std::fprintf(stderr, "does not hold: %s\n", claim);
    std::_Exit(3);
}

} // namespace programs
