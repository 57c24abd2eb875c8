// Say hello: a function becomes a goroutine by being handed to `go`.
//
// In Go:
//     func sayHello() { fmt.Println("Hello!") }
//
//     func main() {
//         said := make(chan struct{})
//         go func() { sayHello(); close(said) }()
//         <-said
//     }
#include <cstdio>

#include <gofer/gofer.hpp>

void say_hello() { std::puts("Hello!"); }

int main() {
    gofer::Channel<gofer::Unit> said;

    gofer::go([said] {
        say_hello();
        said.close();
    });

    // `go` does not wait: without this line main may return, and the program end, before anything is printed.
    said.receive();
}
