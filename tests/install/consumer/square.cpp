#include "square.hpp"

void send_squares(gofer::Sender<int> out, int count) {
    for (int i = 1; i <= count; ++i) out.send(i * i);
    out.close();
}
