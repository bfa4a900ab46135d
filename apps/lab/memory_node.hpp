#pragma once

#include "actors/node.hpp"
#include "libagent/adapters/heap_trimmer.hpp"
#include "libagent/memory/pressure.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <cstdint>
#include <memory>

namespace libagent::lab {

struct memory_node_options {
  std::uint64_t budget_bytes = 0;  ///< 0: what limits this process.
  std::size_t workers = 1;
  bool trims = true;  ///< Whether freed memory is given back to the system.
};

/// A node with a memory monitor, wired like the program `agent`.
class memory_node {
public:
  [[nodiscard]] static expected<std::unique_ptr<memory_node>> start(
      const memory_node_options& options, const std::shared_ptr<const tool_registry>& tools);

  [[nodiscard]] actors::node& get() { return *node_; }

  [[nodiscard]] std::uint64_t budget_bytes() const { return budget_bytes_; }

  /// What the monitor saw last; all zero when it does not answer. Blocking, for at most a second.
  /// Thread safety: any thread.
  [[nodiscard]] memory_status status();

private:
  memory_node() = default;

  std::unique_ptr<heap_trimmer> trimmer_;
  std::uint64_t budget_bytes_ = 0;
  std::unique_ptr<actors::node> node_;  // last: it ends before what it uses
};

}  // namespace libagent::lab
