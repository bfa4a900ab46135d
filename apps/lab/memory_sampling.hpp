#pragma once

#include "apps/lab/report.hpp"

namespace libagent::lab {

/// Measures what it costs to sample memory ten times a second.
void measure_sampling(report& into, const lab_options& options);

}  // namespace libagent::lab
