#pragma once

#include "apps/lab/report.hpp"

#include <cstdint>
#include <string>

namespace libagent::lab {

struct faults_options {
  std::uint64_t seeds = 0;  ///< From `lab_options::seed` on; 0: 1, or 30 with `quick`.
  std::string agent;        ///< An `agent` to drive; empty: the one beside this program, if any.
  bool keep = false;        ///< The folder of every seed; that of one with a problem stays anyway.
  bool trace = false;       ///< Say what is done.
};

/// A client with its own book drives a node while everything goes wrong that can, by seed; then the
/// book is compared with what the node says. Returns the exit code: 1 when a seed had a problem.
[[nodiscard]] int run_faults(const lab_options& options, const faults_options& faults);

}  // namespace libagent::lab
