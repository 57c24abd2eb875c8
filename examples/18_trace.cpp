// The flight recorder: what the workers did, as a trace for ui.perfetto.dev or chrome://tracing.
//
//     f, _ := os.Create("trace.out")
//     trace.Start(f)
//     defer trace.Stop()
//
// Two stages of a pipeline hash lines, and a third one puts them together. In the trace each worker is a track, each
// stretch of a goroutine a slice, and each start and wake-up an arrow; 18_trace.png is a picture of it in Perfetto,
// 18_trace.svg one that 18_trace.py has drawn.
#include <cstdint>
#include <cstdio>
#include <gofer/gofer.hpp>
#include <string>

namespace {

std::uint32_t hash(const std::string& line, int rounds) {
    std::uint32_t h = 2166136261u;
    for (int i = 0; i < rounds; ++i)
        for (const char c : line) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
    return h;
}

std::uint32_t pipeline(int lines) {
    gofer::Channel<std::string> in(4);
    gofer::Channel<std::uint32_t> out(4);
    gofer::WaitGroup hashers;
    gofer::go({.name = "reader"}, [in, lines] {
        for (int i = 0; i < lines; ++i) in.send("line " + std::to_string(i));
        in.close();
    });
    for (const char* name : {"hasher a", "hasher b"})
        hashers.go({.name = name}, [in, out] {
            for (const std::string& line : in) out.send(hash(line, 20000));
        });
    gofer::go({.name = "closer"}, [&hashers, out] {
        hashers.wait();
        out.close();
    });
    std::uint32_t sum = 0;
    for (const std::uint32_t h : out) sum += h;
    return sum;
}

} // namespace

int main(int argc, char** argv) {
    const std::string path = argc > 1 ? argv[1] : "18_trace.json";
    gofer::RuntimeOptions options;
    options.workers = 2;
    gofer::run(options, [&path] {
        gofer::trace::start(path);
        const std::uint32_t sum = pipeline(30);
        gofer::trace::stop();
        std::printf("the sum of the hashes is %u\n", static_cast<unsigned>(sum));
    });
    return 0;
}
