#pragma once

#include "actors/node.hpp"
#include "apps/lab/io_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace libagent::lab {

/// How many threads the node has for tools that block; the default of a node.
inline constexpr std::size_t io_blocking_threads = 4;

/// A node with two tools that ask the wait server for a line: `wait_line`, which holds no thread
/// meanwhile, and `wait_line_blocking`.
class io_node {
public:
  [[nodiscard]] static expected<io_node> start(std::uint16_t port);

  /// Submits every task of a batch at once, from the calling thread.
  [[nodiscard]] io_runner runner(std::string tool_name);

private:
  explicit io_node(std::unique_ptr<actors::node> node) : node_{std::move(node)} {}

  std::unique_ptr<actors::node> node_;
};

}  // namespace libagent::lab
