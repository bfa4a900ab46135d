#pragma once

#include "apps/lab/report.hpp"

#include <cstdint>
#include <string>

namespace libagent::lab {

/// Measures ten times the load that fits, under a real limit of memory: on a node, and on two
/// plain thread pools. Returns whether the node ended every task that it accepted exactly once.
[[nodiscard]] bool measure_limited(report& into, const lab_options& options,
                                   std::uint64_t limit_bytes);

/// The other processes of `measure_limited`; print their results as JSON. Return the exit code.
[[nodiscard]] int run_limited_child(const lab_options& options, std::uint64_t limit_bytes);
[[nodiscard]] int run_bare_child(const lab_options& options, std::uint64_t limit_bytes);

}  // namespace libagent::lab
