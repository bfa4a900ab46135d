#pragma once

#include "apps/lab/closed_loop.hpp"
#include "apps/lab/knee_workload.hpp"
#include "apps/lab/open_loop.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace libagent::lab {

/// What stands before the backend.
struct limit_contender {
  std::string name;
  bool is_libagent = false;
  /// Given to the backend at a time; absent: libagent finds it, others give all.
  std::optional<std::uint32_t> limit;
};

[[nodiscard]] limit_contender libagent_contender();
[[nodiscard]] limit_contender no_limit_contender();
[[nodiscard]] limit_contender fixed_contender(std::uint32_t limit);

/// One limit_contender in a fresh process-local world of its own: backend, queue, node. Blocking.
/// Throws `std::runtime_error` when the node does not start, and as the loops do.
[[nodiscard]] load_outcome run_contender(const limit_contender& who, const knee_workload& work,
                                         const closed_loop_options& options);
[[nodiscard]] open_loop_outcome run_contender(const limit_contender& who, const knee_workload& work,
                                              const open_loop_options& options);

}  // namespace libagent::lab
