#pragma once

#include "libagent/ports/tool.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace libagent::lab {

/// What the task goes through, in order.
inline constexpr std::array<std::string_view, 5> agent_task_phases{"load", "input", "inference",
                                                                   "response", "reclaim"};

struct agent_task_sizes {
  std::uint64_t model_bytes = std::uint64_t{400} << 20U;
  std::uint64_t input_bytes = std::uint64_t{50} << 20U;
  std::uint64_t peak_bytes = std::uint64_t{1200} << 20U;  ///< Of all together.
  std::uint64_t response_bytes = std::uint64_t{20} << 20U;
  std::chrono::milliseconds phase_time{800};  ///< Each, at least.
};

/// What the task leaves behind: one in a thousand of its small blocks, as a session that goes on
/// would. It is this that keeps an allocator from giving its pages back by itself.
using agent_task_leftovers = std::vector<std::unique_ptr<char[]>>;  // NOLINT: never resized

/// The tool `agent_task`: allocates and uses memory as an agent's task with a model of its own
/// does: tensors, an input of small blocks, activations that come and go by layers, a response.
/// All of it is really written to and read.
[[nodiscard]] std::shared_ptr<tool> make_agent_task(
    const agent_task_sizes& sizes, std::shared_ptr<agent_task_leftovers> leftovers);

}  // namespace libagent::lab
