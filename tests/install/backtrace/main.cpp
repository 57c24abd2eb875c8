// What a dump shows of a goroutine that is parked in a function: `consumer lines` wants the function with its file and line,
// `consumer symbols` the function with an offset for addr2line and no line.
#include <cstdio>
#include <cstring>
#include <gofer/gofer.hpp>
#include <regex>
#include <sstream>

namespace {

[[gnu::noinline]] void wait_at_the_well(const gofer::Channel<int>& c) {
    c.receive();
    asm volatile("" ::: "memory"); // no tail call
}

std::string dump_of_it() {
    return gofer::run([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&c] { wait_at_the_well(c); });
        while (gofer::Runtime::current().stats().parked == 0) gofer::yield();
        std::ostringstream out;
        gofer::dump_goroutines(out);
        c.close();
        wg.wait();
        return out.str();
    });
}

} // namespace

int main(int argc, char** argv) {
    const bool lines = argc == 2 && std::strcmp(argv[1], "lines") == 0;
    const std::string dump = dump_of_it();
    const std::regex with_line("wait_at_the_well.*\\n\\t\\S*main\\.cpp:[0-9]+\\n");
    const std::regex with_offset("wait_at_the_well.*\\n\\t\\(program\\) \\+0x[0-9a-f]+\\n");
    const bool right = std::regex_search(dump, with_line) == lines && std::regex_search(dump, with_offset) != lines;
    if (!right) std::printf("not as it should be with %s:\n%s", lines ? "lines" : "symbols", dump.c_str());
    return right ? 0 : 1;
}
