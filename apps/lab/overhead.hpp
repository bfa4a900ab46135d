#pragma once

#include "apps/lab/report.hpp"

namespace libagent::lab {

/// What a task costs beyond its work: round trips, memory, start-up, HTTP. Returns the exit code.
[[nodiscard]] int run_overhead(const lab_options& options);

}  // namespace libagent::lab
