// What does fork and join cost when the work is in the leaves? A product of two matrices of 256 x 256, each quarter of
// the result by a goroutine of its own, down to tiles of 32 x 32. The time is that of a product.
#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr std::size_t n = 256;
constexpr std::size_t tile = 32;

using Matrix = std::vector<double>;

void multiply_rows(const Matrix& a, const Matrix& b, Matrix& c, std::size_t row, std::size_t column,
                   std::size_t size) {
    for (std::size_t i = row; i < row + size; ++i) {
        double* const to = &c[i * n + column];
        for (std::size_t j = 0; j < size; ++j) {
            to[j] = 0;
        }
        for (std::size_t k = 0; k < n; ++k) {
            const double factor = a[i * n + k];
            const double* const from = &b[k * n + column];
            for (std::size_t j = 0; j < size; ++j) {
                to[j] += factor * from[j];
            }
        }
    }
}

void multiply(const Matrix& a, const Matrix& b, Matrix& c, std::size_t row, std::size_t column, std::size_t size) {
    if (size == tile) {
        bench::hands.show();
        multiply_rows(a, b, c, row, column, size);
        return;
    }
    const std::size_t half = size / 2;
    world::Group quarters;
    for (const std::size_t down : {row, row + half}) {
        for (const std::size_t right : {column, column + half}) {
            quarters.run([&a, &b, &c, down, right, half] { multiply(a, b, c, down, right, half); });
        }
    }
    quarters.wait();
}

/// Small whole numbers, so that sums are exact in any order.
Matrix filled(std::size_t factor, std::size_t modulus) {
    Matrix m(n * n);
    for (std::size_t i = 0; i < m.size(); ++i) {
        m[i] = static_cast<double>(i * factor % modulus);
    }
    return m;
}

} // namespace

int main(int argc, char** argv) {
    const Matrix a = filled(31, 17);
    const Matrix b = filled(37, 19);
    Matrix expected(n * n);
    multiply_rows(a, b, expected, 0, 0, n);
    Matrix product(n * n);
    bench::Program program(argc, argv);
    program.shared_row("matmul", 1, [&] {
        product.assign(n * n, -1);
        multiply(a, b, product, 0, 0, n);
        bench::check("whether the product is right", product == expected, true);
    });
    return program.run();
}
