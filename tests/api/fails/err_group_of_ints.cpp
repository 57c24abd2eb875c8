// A number is no error: the function of an error group returns void or a std::error_code.
// must say: returns void or a std::error_code
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <system_error>

#include <gofer/gofer.hpp>

int main() {
    gofer::ErrGroup group;
#ifdef GOFER_TEST_MENDED
    group.go([] { return std::make_error_code(std::errc::io_error); });
#else
    group.go([] { return 5; });
#endif
}
