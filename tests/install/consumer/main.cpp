// The smallest program of a user: two goroutines, one channel, and a second file that includes the same headers.
#include "square.hpp"

#include <cstdio>

#include <gofer/gofer.hpp>

int main() {
    const int sum = gofer::run([] {
        gofer::Channel<int> squares;
        gofer::go([squares] { send_squares(squares, 10); });
        int total = 0;
        for (int square : squares) total += square;
        return total;
    });
    std::printf("%d\n", sum);
    return sum == 385 ? 0 : 1;
}
