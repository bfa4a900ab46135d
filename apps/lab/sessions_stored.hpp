#pragma once

#include "apps/lab/report.hpp"
#include "apps/lab/store_runs.hpp"

namespace libagent::lab {

/// Fills a store and measures what the sessions in it cost, and how it answers. Throws
/// `store_trouble`.
void measure_stored_sessions(report& into, const lab_options& options, lab_folder& folder);

}  // namespace libagent::lab
