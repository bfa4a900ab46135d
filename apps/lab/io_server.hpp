#pragma once

#include <chrono>

namespace libagent::lab {

/// Serves until killed, or until the process that started it has died: prints its port on a line
/// of its own, and answers each line "X" with "X done" and the end of the connection, once `wait`
/// has passed. Returns 1 when it cannot listen.
[[nodiscard]] int run_wait_server(std::chrono::milliseconds wait);

}  // namespace libagent::lab
