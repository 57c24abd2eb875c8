// Ping-pong: on an unbuffered channel sender and receiver meet, so two goroutines that pass a ball take
// strict turns.
//
// In Go:
//     func play(name string, in <-chan int, out chan<- int) {
//         defer close(out)
//         for hits := range in {
//             if hits > 6 { return }
//             fmt.Println(name, hits)
//             out <- hits + 1
//         }
//     }
#include <cstdio>

#include <gofer/gofer.hpp>

void play(const char* name, gofer::Receiver<int> in, gofer::Sender<int> out) {
    gofer::Defer leave_table{[&out] { out.close(); }};

    for (const int hit : in) {
        if (hit > 6) {
            return;
        }
        std::printf("%s %d\n", name, hit);
        out.send(hit + 1);
    }
}

int main() {
    gofer::Channel<int> to_ping;
    gofer::Channel<int> to_pong;
    gofer::WaitGroup players;

    players.go(play, "ping", to_ping, to_pong);
    players.go(play, "pong", to_pong, to_ping);

    to_ping.send(1);
    players.wait();
}
