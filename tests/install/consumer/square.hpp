// Sends 1, 4, 9, ... count * count, then closes the channel.
#pragma once

#include <gofer/gofer.hpp>

void send_squares(gofer::Sender<int> out, int count);
