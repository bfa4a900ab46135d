#pragma once

#include "apps/lab/isolation.hpp"
#include "apps/lab/isolation_contestant.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

/// Short tasks in a node beside loads that are not computing: waiting for I/O, blocking calls, a
/// long queue, a lot of memory. Adds tables, aims and notes; returns what went wrong other than in
/// speed.
[[nodiscard]] std::vector<std::string> measure_other_loads(report& into, const bench_sizes& sizes,
                                                           const lab_options& options,
                                                           const std::string& load);

}  // namespace libagent::lab
