#pragma once

#include "apps/lab/report.hpp"

namespace libagent::lab {

/// Measures the memory of an agent task by its phases, and whether it comes back at the end.
/// Returns whether every phase was seen.
[[nodiscard]] bool measure_phases(report& into, const lab_options& options);

/// The other process of `measure_phases`; prints its results as JSON. Returns its exit code.
[[nodiscard]] int run_phases_child(const lab_options& options, bool trims);

}  // namespace libagent::lab
