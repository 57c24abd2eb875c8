// Errors come back over a channel: a goroutine has no caller to return them to, so it sends them to one
// who listens.
//
// In Go:
//     failures := make(chan error, len(words))
//     for _, word := range words {
//         wg.Go(func() {
//             if _, err := strconv.Atoi(word); err != nil { failures <- err }
//         })
//     }
//     wg.Wait()
//     close(failures)
//     for err := range failures { fmt.Println(err) }
#include <charconv>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include <gofer/gofer.hpp>

struct Failure {
    std::string word;
    std::error_code error;
};

std::error_code check_number(const std::string& word) {
    int number = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
    return std::make_error_code(parsed.ec);
}

int main() {
    const std::vector<std::string> words{"12", "twelve", "1200000000000", "-12"};

    // Room for a failure of each word: no goroutine waits for us to listen, so we may wait for them first.
    gofer::Channel<Failure> failures(words.size());
    gofer::WaitGroup checks;

    for (const std::string& word : words) {
        checks.go([failures, word] {
            if (const std::error_code error = check_number(word)) {
                failures.send({word, error});
            }
        });
    }
    checks.wait();
    failures.close();

    for (Failure failure : failures) {
        std::printf("%s: %s\n", failure.word.c_str(), failure.error.message().c_str());
    }
}
