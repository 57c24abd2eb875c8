// The library takes no name away: the words of Go are not macros, and nothing of ours stands at global scope. Names are
// declared here that would clash, before the library is included and after it. (select, send and recv are POSIX's.)
int go = 1, defer = 2, chan = 3;

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"

struct Channel {};
struct Mutex {};
struct Runtime {};
int otherwise = 4;

TEST_CASE("the words of Go are free for the user's own names") {
    CHECK(go + defer + chan + otherwise == 10);
}

TEST_CASE("the words of Go are not macros") {
    int macros = 0;
#if defined(go) || defined(select) || defined(defer) || defined(chan) || defined(yield) || defined(co_yield)
    ++macros;
#endif
#if defined(send) || defined(recv) || defined(run) || defined(async) || defined(otherwise) || defined(timeout)
    ++macros;
#endif
    CHECK(macros == 0);
}
