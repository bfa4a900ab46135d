#pragma once

#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/report.hpp"

namespace libagent::lab {

/// The experiment that this project began with, at a tenth of its times: a short task is the tenth
/// of some, all others being long. In closed form and measured: one thread, a cooperative event
/// loop whose long tasks never yield, and libagent.
void measure_founding(report& into, const bench_sizes& sizes);

}  // namespace libagent::lab
