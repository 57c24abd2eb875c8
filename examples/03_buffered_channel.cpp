// A buffered channel: with room for two, both sends return at once, though nobody receives yet.
//
// In Go:
//     words := make(chan string, 2)
//     words <- "First"
//     words <- "Second"
//     fmt.Println(<-words)
//     fmt.Println(<-words)
#include <iostream>
#include <string>

#include <gofer/gofer.hpp>

int main() {
    gofer::Channel<std::string> words(2);

    words.send("First");
    words.send("Second");

    // receive() gives an optional, which would be empty if the channel had been closed.
    std::cout << words.receive().value() << '\n';
    std::cout << words.receive().value() << '\n';
}
