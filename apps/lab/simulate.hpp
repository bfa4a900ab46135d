#pragma once

#include "apps/lab/report.hpp"

#include <cstdint>

namespace libagent::lab {

struct simulation_command_options {
  std::uint64_t seeds = 0;  ///< 0: 100,000, or 20,000 with `quick`.
  std::uint64_t first = 1;
  bool with_trace = false;  ///< Of the first seed only: tells all that happens in it.
};

/// Lives of a node with faults, one for each seed from the first on; see `simulate`. Stops at the
/// first in which something went wrong, tells its events, and returns 1.
[[nodiscard]] int run_simulation(const lab_options& options,
                                 const simulation_command_options& command);

}  // namespace libagent::lab
