#pragma once

#include "apps/lab/simulation_plan.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent::lab {

struct simulation_options {
  bool with_trace = false;
};

struct simulation_result {
  std::string violation;           ///< Empty: nothing was wrong.
  std::vector<std::string> trace;  ///< What happened, when asked for.
  std::uint64_t trace_hash = 0;    ///< Of all events, whether they are told or not.
  std::uint64_t events = 0;
  std::uint32_t jobs = 0;
  std::uint32_t acknowledged = 0;
  std::uint32_t processes = 0;  ///< Starts of the process.
  std::uint64_t runs = 0;       ///< Attempts that executors began.
  std::uint64_t effects = 0;
  std::array<std::uint32_t, sim_faults> faults{};
};

/// One life of a node with a journal, with its clients and executors, on a simulated clock, disk
/// and network, while things go wrong. The same seed gives the same life.
///
/// Real are the dispatcher's core, its outbox, its idempotency keys and the verdict on past runs.
/// Checked after every start of the process and at the end, when nothing went wrong for a while:
/// what was acknowledged ended once and as it was told, nothing that may happen once happened
/// twice, no attempt ran uncounted, no key stands for two tasks, and nothing is left over.
[[nodiscard]] simulation_result simulate(std::uint64_t seed,
                                         const simulation_options& options = {});

}  // namespace libagent::lab
