// A search for leaked goroutines costs no more than it may, changes nothing in the process, and says why when it knows
// nothing.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gofer/gofer.hpp>
#include <gofer/base/page.hpp>

#include <gofer/base/thread_state.hpp>
#include <gofer/debug/orphans.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"
#include "../support/looking.hpp"
#include "../support/seccomp.hpp"

using namespace std::chrono_literals;
using gofer::debug::find_orphans;
using gofer::debug::Findings;
using gofer::debug::Mapping;
using gofer::debug::Memory;
using gofer::debug::Search;
using gofer::debug::Standstill;
using gofer::debug::TimeLimit;

namespace {

constexpr std::int64_t ms = 1'000'000;
const std::size_t page = gofer::base::page_size();

/// Whether the system lets a process stop its own threads; a container may not.
bool can_stop() {
    static const bool can = fixture::threads_can_be_stopped();
    if (!can) WARN("the threads of this process cannot be stopped: nothing is tested");
    return can;
}

/// Sanitizers keep addresses of frames: there a search may be over early, since it has cleared everybody.
constexpr bool may_clear_all = gofer::base::tsan_build || gofer::base::asan_build;

/// Calls f as the main goroutine, beside goroutines of which a search can be sure only when it has seen all memory.
template <class F>
void beside_suspects(F f) {
    auto options = fixture::with_workers(2);
    options.shutdown_grace = 0ms;
    gofer::run(options, [&f] {
        for (int i = 0; i < 30; ++i) gofer::go([] { gofer::Channel<int>(nullptr).receive(); });
        fixture::parked_reaches(30);
        f();
    });
    fixture::require_no_failures();
}

/// What is in the way of a search. Asked several times: on a machine under load a thread may not stop in time.
template <class Consume>
const char* obstacle_to_a_search(Consume consume) {
    const char* obstacle = nullptr;
    for (int i = 0; i < 10; ++i)
        if (!(obstacle = gofer::debug::search_process(60'000 * ms, consume))) break;
    return obstacle;
}
const char* obstacle_to_a_search() {
    return obstacle_to_a_search([](Search&) {});
}

/// Memory that is there until the end of the block.
class Mapped {
public:
    Mapped(std::size_t bytes, int flags, int file = -1) : bytes_(bytes) {
        at_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, file, 0);
        REQUIRE(at_ != MAP_FAILED);
    }
    ~Mapped() { ::munmap(at_, bytes_); }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;

    char* at(std::size_t offset = 0) const { return static_cast<char*>(at_) + offset; }
    std::size_t pages_in_memory() const {
        std::vector<unsigned char> there(bytes_ / page);
        REQUIRE(::mincore(at_, bytes_, there.data()) == 0);
        std::size_t n = 0;
        for (const unsigned char flags : there) n += flags & 1;
        return n;
    }

private:
    void* at_ = nullptr;
    std::size_t bytes_;
};

/// A file of one page, mapped with all the addresses behind it.
class LongMappedFile {
public:
    LongMappedFile() {
        path_ = std::filesystem::temp_directory_path() / "gofer-search-XXXXXX";
        file_ = ::mkstemp(path_.data());
        REQUIRE(file_ >= 0);
        REQUIRE(::ftruncate(file_, page) == 0);
        map_ = std::make_unique<Mapped>(std::size_t{64} << 30, MAP_SHARED, file_);
        *map_->at() = 1;
    }
    ~LongMappedFile() {
        map_.reset();
        ::close(file_);
        ::unlink(path_.c_str());
    }
    LongMappedFile(const LongMappedFile&) = delete;
    LongMappedFile& operator=(const LongMappedFile&) = delete;

    void unlink() { ::unlink(path_.c_str()); }
    char* at() const { return map_->at(); }

private:
    std::string path_;
    int file_ = -1;
    std::unique_ptr<Mapped> map_;
};

std::int64_t cpu_time() { return gofer::base::time_of(CLOCK_THREAD_CPUTIME_ID); }

std::size_t count_entries(const char* directory) {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++n;
    return n;
}

/// A thread that only counts, which is seen from outside.
class Counter {
public:
    Counter() : thread_([this] {
        while (!stop_) ++count_;
    }) {}
    ~Counter() {
        stop_ = true;
        thread_.join();
    }
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;

    std::uint64_t count() const { return count_; }

private:
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> count_{0};
    std::thread thread_;
};

/// Threads of which each does nothing but begin the next, so that there is always one that has just begun.
class Chain {
public:
    Chain() {
        ::pthread_attr_init(&detached_);
        ::pthread_attr_setdetachstate(&detached_, PTHREAD_CREATE_DETACHED);
        there_ = add();
    }
    ~Chain() {
        stop_ = true;
        while (there_) std::this_thread::yield();
        ::pthread_attr_destroy(&detached_);
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;

    bool goes_on() const { return there_; }
    std::uint64_t links() const { return links_; }

private:
    static void* link(void* argument) {
        auto* const chain = static_cast<Chain*>(argument);
        ++chain->links_;
        if (chain->stop_ || !chain->add()) chain->there_ = false;
        return nullptr;
    }
    bool add() {
        pthread_t thread;
        return ::pthread_create(&thread, &detached_, link, this) == 0;
    }

    pthread_attr_t detached_;
    std::atomic<bool> there_{true}, stop_{false};
    std::atomic<std::uint64_t> links_{0};
};

/// Threads that do nothing.
class Idlers {
public:
    explicit Idlers(std::size_t count) {
        REQUIRE(::pipe(ends_) == 0);
        pthread_attr_t small;
        ::pthread_attr_init(&small);
        ::pthread_attr_setstacksize(&small, 64 * 1024);
        const auto wait = [](void* end) -> void* {
            char c = 0;
            while (::read(*static_cast<int*>(end), &c, 1) < 0) {}
            return nullptr;
        };
        for (pthread_t t; threads_.size() < count && ::pthread_create(&t, &small, wait, ends_) == 0;)
            threads_.push_back(t);
        ::pthread_attr_destroy(&small);
    }
    ~Idlers() {
        ::close(ends_[1]);
        for (const pthread_t t : threads_) ::pthread_join(t, nullptr);
        ::close(ends_[0]);
    }
    Idlers(const Idlers&) = delete;
    Idlers& operator=(const Idlers&) = delete;

    std::size_t count() const { return threads_.size(); }

private:
    int ends_[2];
    std::vector<pthread_t> threads_;
};

void sleep_without_us(std::int64_t ns) {
    const timespec time{static_cast<std::time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    ::syscall(SYS_nanosleep, &time, nullptr);
}

} // namespace

TEST_CASE("no memory is read once the limit has passed") {
    const Mapped memory(16 << 20, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
    const auto at = reinterpret_cast<std::uintptr_t>(memory.at());
    for (const bool shared : {false, true}) {
        TimeLimit limit(0);
        const auto reader = std::make_unique<Memory>(limit);
        Mapping mapping = Mapping::of_stack({at, at + (16 << 20)});
        mapping.shared = shared;
        mapping.backing = shared ? Mapping::Backing::shared_memory : Mapping::Backing::anonymous;
        int blocks = 0;
        CHECK(!reader->for_each_block(mapping, mapping.range, [&](auto...) { return ++blocks; }));
        CHECK(blocks == 0);
    }
}

TEST_CASE("a search with little time gives up after a small part of the memory") {
    if (!can_stop() || may_clear_all) return;
    const Mapped memory(256 << 20, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
    beside_suspects([] {
        const std::int64_t began = cpu_time();
        VERIFY(!obstacle_to_a_search());
        const std::int64_t all = cpu_time() - began;
        for (int i = 0; i < 5; ++i) {
            const std::int64_t start = cpu_time();
            VERIFY(find_orphans(2 * ms).obstacle);
            VERIFY(cpu_time() - start < all / 3);
        }
    });
}

TEST_CASE("a search that has no time at all says so") {
    beside_suspects([] {
        const Findings findings = find_orphans(0);
        VERIFY(findings.obstacle && findings.orphans.empty());
    });
}

TEST_CASE("nobody goes on while pointers are followed, however long it takes") {
    if (!can_stop() || gofer::base::tsan_build) return; // see Standstill::pin
    const Counter counter;
    bool tried = false, stood = true;
    for (int i = 0; i < 500 && !tried; ++i) {
        Standstill still(20 * ms);
        if (!still.pin()) continue; // we have been slow
        tried = true;
        const std::uint64_t before = counter.count();
        sleep_without_us(200 * ms);
        stood = counter.count() == before;
        still.unpin();
    }
    CHECK(tried);
    CHECK(stood);
    const std::uint64_t before = counter.count();
    CHECK(fixture::eventually([&] { return counter.count() != before; }));
}

TEST_CASE("everybody goes on when whoever looks is stuck past his time") {
    if (!can_stop()) return;
    const Counter counter;
    Standstill still(20 * ms);
    const std::uint64_t before = counter.count();
    sleep_without_us(200 * ms);
    CHECK(fixture::eventually([&] { return counter.count() != before; }));
    CHECK(!still.pin());
    CHECK(!still.over());
}

TEST_CASE("nobody runs at a standstill where threads begin threads and end") {
    if (!can_stop()) return;
    const Chain chain;
    int held = 0, ran = 0;
    for (int i = 0; i < 300 && chain.goes_on(); ++i) {
        const Standstill still(500 * ms);
        if (!still.holds()) continue;
        ++held;
        const std::uint64_t before = chain.links();
        sleep_without_us(ms);
        if (chain.links() != before && still.holds()) ++ran;
    }
    CHECK(held > 0);
    CHECK(ran == 0);
}

TEST_CASE("a standstill that has no time stops only the first threads it meets") {
    const Idlers idlers(50);
    const Standstill still(1);
    CHECK(!still.holds());
    CHECK(still.end_threads() - still.begin_threads() < 10);
}

TEST_CASE("none of too many threads is stopped") {
    if (may_clear_all) return; // which is to say, under a sanitizer
    const Idlers idlers(Standstill::most_threads + 1);
    if (idlers.count() <= Standstill::most_threads) return; // the system gives no more
    const Standstill still(60'000 * ms);
    CHECK(!still.holds());
    CHECK(still.end_threads() == still.begin_threads());
}

TEST_CASE("the numbers of threads in another namespace are not taken for ours") {
    if (!can_stop()) return;
    const fixture::Death death = fixture::death_of([] {
        if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return;
        const pid_t child = ::fork(); // the first there, under a /proc in which it is another one
        if (child == 0) {
            const Counter counter;
            const Standstill still(500 * ms);
            const std::uint64_t before = counter.count();
            sleep_without_us(20 * ms);
            ::_exit(still.holds() && counter.count() != before ? 1 : 0);
        }
        int status = 0;
        if (::waitpid(child, &status, 0) != child || status != 0) std::abort();
    });
    CHECK(death.signal == 0);
}

TEST_CASE("a thread that does not stop holds the others up no longer than the limit") {
    if (!can_stop() || gofer::base::tsan_build) return; // TSan takes clone for a fork
    static int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::atomic<pid_t> tid{0};
    std::thread stuck([&tid] { // no signal and no tracer stops who waits for a child of vfork
        alignas(16) static char stack[64 * 1024];
        const auto wait = [](void*) {
            char c = 0;
            return static_cast<int>(::syscall(SYS_read, ends[0], &c, 1)) & 0;
        };
        tid = ::gettid();
        const pid_t child = ::clone(wait, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
        ::waitpid(child, nullptr, 0);
    });
    const auto is_stuck = [&tid] { return tid != 0 && gofer::base::state_of(tid) == 'D'; };
    const bool there = fixture::eventually(is_stuck);
    std::int64_t shortest = gofer::base::never;
    bool held = false;
    for (int i = 0; i < 10; ++i) {
        const std::int64_t began = gofer::base::now_ns();
        held = held || Standstill(20 * ms).holds();
        shortest = std::min(shortest, gofer::base::now_ns() - began);
    }
    CHECK(::write(ends[1], "x", 1) == 1);
    stuck.join();
    for (const int end : ends) ::close(end);
    CHECK(there);
    CHECK(!held);
    CHECK(shortest < 400 * ms);
}

TEST_CASE("a search takes no memory for what is empty of a shared arena") {
    if (!can_stop()) return;
    const Mapped arena(256 << 20, MAP_SHARED | MAP_ANONYMOUS);
    *arena.at() = *arena.at(100 << 20) = 1;
    REQUIRE(arena.pages_in_memory() == 2);
    beside_suspects([&] {
        static_cast<void>(find_orphans());
        static_cast<void>(find_orphans());
    });
    CHECK(arena.pages_in_memory() == 2);
}

TEST_CASE("a handle in a shared arena clears") {
    if (!can_stop()) return;
    const Mapped arena(256 << 20, MAP_SHARED | MAP_ANONYMOUS);
    beside_suspects([&] {
        auto* const known = ::new (static_cast<void*>(arena.at(100 << 20))) gofer::Channel<int>;
        std::atomic<std::uint64_t> id{0};
        gofer::WaitGroup wg;
        wg.go([&id, c = *known] {
            id = gofer::this_goroutine::id();
            c.receive();
        });
        fixture::parked_reaches(31);
        VERIFY(!find_orphans().find(id));
        known->send(1);
        wg.wait();
        known->~Channel();
    });
}

TEST_CASE("a file that is mapped far beyond its end stands in no search's way") {
    if (!can_stop()) return;
    const LongMappedFile file;
    beside_suspects([] { VERIFY(!obstacle_to_a_search()); });
}

TEST_CASE("a search takes no memory for what is empty of a file in memory") {
    if (!can_stop()) return;
    std::ostringstream path;
    path << "/dev/shm/gofer-search-" << ::getpid();
    const int file = ::open(path.str().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    {
        REQUIRE(::ftruncate(file, 256 << 20) == 0);
        const Mapped arena(256 << 20, MAP_SHARED, file);
        *arena.at(100 << 20) = 1;
        const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(arena.at());
        for (const auto backing : {Mapping::Backing::file, Mapping::Backing::shared_memory}) {
            TimeLimit limit(gofer::base::never);
            const auto reader = std::make_unique<Memory>(limit);
            const std::string name = path.str();
            struct stat status{};
            REQUIRE(::fstat(file, &status) == 0);
            Mapping mapping = Mapping::of_stack({at, at + (256 << 20)});
            mapping.shared = true;
            mapping.backing = backing;
            mapping.name = name.c_str();
            mapping.inode = status.st_ino;
            std::size_t words = 0;
            const auto count = [&words](std::uintptr_t, const std::uintptr_t*, std::size_t n) { return words += n; };
            const bool all = reader->for_each_block(mapping, mapping.range, count);
            CHECK((!all || words == page / sizeof(std::uintptr_t))); // not all where something is swapped out
        }
        CHECK(arena.pages_in_memory() == 1);
    }
    ::close(file);
    ::unlink(path.str().c_str());
}

TEST_CASE("a file whose end is not known any more is a reason not to judge") {
    if (!can_stop() || may_clear_all) return;
    LongMappedFile file;
    file.unlink();
    beside_suspects([] { VERIFY(find_orphans(60'000 * ms).obstacle); });
}

TEST_CASE("a device that is mapped is not read, and is a reason not to judge where it is writable") {
    const Mapped memory(page, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
    const auto at = reinterpret_cast<std::uintptr_t>(memory.at());
    for (const bool writable : {false, true}) {
        TimeLimit limit(gofer::base::never);
        const auto reader = std::make_unique<Memory>(limit);
        Mapping mapping = Mapping::of_stack({at, at + page});
        mapping.shared = true;
        mapping.writable = writable;
        mapping.backing = Mapping::Backing::device;
        int blocks = 0;
        CHECK(reader->for_each_block(mapping, mapping.range, [&](auto...) { return ++blocks; }) == !writable);
        CHECK(blocks == 0);
    }
}

TEST_CASE("memory that the kernel does not read for anybody is a reason not to judge") {
    if (!can_stop() || may_clear_all) return;
#if defined(SYS_memfd_secret)
    const int file = static_cast<int>(::syscall(SYS_memfd_secret, O_CLOEXEC));
    if (file < 0) return; // of Linux 5.14, where it is enabled
    REQUIRE(::ftruncate(file, page) == 0);
    {
        const Mapped secret(page, MAP_SHARED, file);
        *secret.at() = 1;
        beside_suspects([] {
            bool refused = false; // a thread may not stop in time, on a machine under load
            for (int i = 0; i < 10 && !refused; ++i) refused = find_orphans(60'000 * ms).obstacle == Search::unreadable;
            VERIFY(refused);
        });
    }
    ::close(file);
#endif
}

TEST_CASE("goroutines in a select of eight are not too many") {
    if (!can_stop()) return;
    auto options = fixture::with_workers(2);
    options.shutdown_grace = 0ms;
    gofer::run(options, [] {
        constexpr int many = 1500;
        for (int i = 0; i < many; ++i)
            gofer::go([] {
                using gofer::recv;
                const gofer::Channel<int> a, b, c, d, e, f, g, h;
                gofer::select(recv(a), recv(b), recv(c), recv(d), recv(e), recv(f), recv(g), recv(h));
            });
        fixture::parked_reaches(many);
        VERIFY(!obstacle_to_a_search());
    });
    fixture::require_no_failures();
}

TEST_CASE("a search that has no room for all says that there are too many") {
    if (!can_stop()) return;
    beside_suspects([] {
        const auto nodes = std::make_unique<char[]>(Search::bytes(4));
        std::unique_ptr<Search> search;
        bool held = false, judged = false;
        for (int i = 0; i < 10 && !held; ++i) {
            search = std::make_unique<Search>(4, nodes.get(), gofer::base::never);
            gofer::sched::Monitor::instance().for_each([&](const auto& s) { search->add_home(&s); });
            Standstill still(60'000 * ms);
            held = still.holds();
            if (held) judged = search->run(still, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
        }
        VERIFY(held && !judged && search->obstacle() == Search::too_many);
    });
}

TEST_CASE("what the caller throws leaves nothing of a search behind") {
    if (!can_stop()) return;
    beside_suspects([] {
        VERIFY(!obstacle_to_a_search());
        const std::size_t open_files = count_entries("/proc/self/fd");
        for (int i = 0; i < 3; ++i) VERIFY(fixture::throws<int>([] { obstacle_to_a_search([](Search&) { throw 1; }); }));
        VERIFY(count_entries("/proc/self/fd") == open_files);
        VERIFY(::waitpid(-1, nullptr, __WALL | WNOHANG) == -1 && errno == ECHILD);
        VERIFY(!obstacle_to_a_search());
    });
}

TEST_CASE("a child of fork does not judge, though a search was under way") {
    beside_suspects([] {
        gofer::debug::search_lock().lock();
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(60);
            const char* obstacle = gofer::debug::search_process(60'000 * ms, [](Search&) {});
            ::_exit(obstacle && std::strstr(obstacle, "fork") ? 0 : 1);
        }
        gofer::debug::search_lock().unlock();
        int status = -1;
        VERIFY(::waitpid(child, &status, 0) == child);
        VERIFY(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    });
}

TEST_CASE("who stops the threads is gone with a process that is killed") {
    if (!can_stop()) return;
    const std::int64_t began = gofer::base::now_ns();
    const fixture::Death death = fixture::death_of([] { // which ends when nobody has its stderr any more
        const Counter counter;
        const Standstill still(600'000 * ms);
        ::kill(::getpid(), SIGKILL);
        sleep_without_us(60'000 * ms);
    });
    CHECK(death.signal == SIGKILL);
    CHECK(gofer::base::now_ns() - began < 200'000 * ms);
}

TEST_CASE("who stops the threads leaves no core where a filter kills it") {
    std::string directory = std::filesystem::temp_directory_path() / "gofer-core-XXXXXX";
    REQUIRE(::mkdtemp(directory.data()));
    const pid_t child = ::fork();
    if (child == 0) {
        sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getdents64, 0, 1), // reads the list of threads
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        rlimit core{};
        ::getrlimit(RLIMIT_CORE, &core);
        core.rlim_cur = core.rlim_max;
        const bool ready = ::setrlimit(RLIMIT_CORE, &core) == 0 && ::chdir(directory.c_str()) == 0 &&
                           fixture::install_filter(filter);
        ::_exit(ready && Standstill(500 * ms).holds() ? 1 : 0);
    }
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(count_entries(directory.c_str()) == 0);
    std::filesystem::remove_all(directory);
}

TEST_CASE("whom the program has named as its tracer stays so where the system does not ask for one") {
    if (!can_stop()) return;
    if (std::ifstream("/proc/sys/kernel/yama/ptrace_scope").peek() == '1') return;
    const fixture::Death death = fixture::death_of([] {
        sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_PTRACER, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        sock_fprog program{sizeof filter / sizeof filter[0], filter};
        const Counter counter;
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
            return;
        static_cast<void>(find_orphans());
    });
    CHECK(death.signal == 0);
}
