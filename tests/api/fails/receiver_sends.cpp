// A Receiver is the end that only receives.
// must say: send
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

int main() {
    const gofer::Channel<int> c(1);
#ifdef GOFER_TEST_MENDED
    const gofer::Sender<int> end = c;
#else
    const gofer::Receiver<int> end = c;
#endif
    end.send(1);
}
