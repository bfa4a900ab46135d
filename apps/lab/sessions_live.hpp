#pragma once

#include "apps/lab/report.hpp"
#include "apps/lab/store_runs.hpp"

#include <string>

namespace libagent::lab {

/// Fills a store with conversations of an agent and measures, in a process with a whole node over
/// it, what one in memory costs and how soon one that only the store has goes on. Throws
/// `store_trouble`.
void measure_live_sessions(report& into, const lab_options& options, lab_folder& folder);

/// That process: over the store in `file`. Returns the exit code.
[[nodiscard]] int run_live_sessions_part(const lab_options& options, const std::string& file);

}  // namespace libagent::lab
