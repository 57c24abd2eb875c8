// The prime sieve: a chain of goroutines, one for each prime, that lets through only what its prime does
// not divide. The idea is Doug McIlroy's, known from Go's own examples; this chain ends, and nothing leaks.
//
// In Go:
//     for {
//         prime, ok := <-numbers
//         if !ok { break }
//         fmt.Println(prime)
//         numbers = sift(numbers, prime)
//     }
#include <cstdio>

#include <gofer/gofer.hpp>

gofer::Receiver<int> count_up_to(int last) {
    gofer::Channel<int> numbers;
    gofer::go([=] {
        for (int number = 2; number <= last; ++number) {
            numbers.send(number);
        }
        numbers.close();
    });
    return numbers;
}

gofer::Receiver<int> sift(gofer::Receiver<int> numbers, int prime) {
    gofer::Channel<int> sifted;
    gofer::go([=] {
        for (const int number : numbers) {
            if (number % prime != 0) {
                sifted.send(number);
            }
        }
        sifted.close();
    });
    return sifted;
}

int main() {
    gofer::Receiver<int> numbers = count_up_to(50);

    while (const auto prime = numbers.receive()) {
        std::printf("%d\n", *prime);
        numbers = sift(numbers, *prime);
    }
}
