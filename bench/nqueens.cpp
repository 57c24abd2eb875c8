// What does fork and join cost when there is some work between? Twelve queens on a board, in every way: a
// goroutine for each queen that can stand, at every depth. The time is that of one placed queen.
#include <array>
#include <bit>
#include <cstdint>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

/// The columns that are taken, and the fields of the next row that the diagonals attack: a bit a field.
struct Board {
    unsigned columns = 0;
    unsigned left = 0;
    unsigned right = 0;

    unsigned free(unsigned all) const { return all & ~(columns | left | right); }
    Board with(unsigned field) const { return {columns | field, (left | field) << 1, (right | field) >> 1}; }
};

constexpr unsigned all_columns = (1u << world::sizes.queens) - 1;

int ways(Board board) {
    if (board.columns == all_columns) {
        return 1;
    }
    if (std::popcount(board.columns) == 2) {
        bench::hands.show();
    }
    std::array<int, world::sizes.queens> found{};
    world::Group forked;
    unsigned next = 0;
    for (unsigned free = board.free(all_columns); free != 0; free &= free - 1) {
        int& mine = found[next++];
        forked.run([&mine, after = board.with(free & -free)] { mine = ways(after); });
    }
    forked.wait();
    int sum = 0;
    for (const int each : found) {
        sum += each;
    }
    return sum;
}

struct Tree {
    int solutions = 0;
    std::int64_t queens = 0; // that were placed on the way
};

void explore(Board board, Tree& tree) {
    if (board.columns == all_columns) {
        ++tree.solutions;
    }
    for (unsigned free = board.free(all_columns); free != 0; free &= free - 1) {
        ++tree.queens;
        explore(board.with(free & -free), tree);
    }
}

} // namespace

int main(int argc, char** argv) {
    Tree plain;
    explore({}, plain);
    bench::Program program(argc, argv);
    program.shared_row("nqueens", plain.queens, [solutions = plain.solutions] {
        bench::check("the number of solutions", ways({}), solutions);
    });
    return program.run();
}
