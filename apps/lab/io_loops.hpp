#pragma once

#include "apps/lab/io_batch.hpp"
#include "libagent/ports/async_net.hpp"

#include <cstdint>
#include <memory>

namespace libagent::lab {

/// The floor: one thread with the kernel's epoll and nothing else.
[[nodiscard]] io_runner epoll_runner(std::uint16_t port);

/// What the tools of the node wait with, without the node.
[[nodiscard]] io_runner net_runner(std::shared_ptr<async_net> net, std::uint16_t port);

/// A thread for each task, which blocks.
[[nodiscard]] io_runner thread_runner(std::uint16_t port);

}  // namespace libagent::lab
