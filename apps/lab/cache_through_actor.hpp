#pragma once

#include "apps/lab/report.hpp"

namespace libagent::lab {

/// What the cache costs through its actor: gets per second and core, in batches and one by one,
/// the latency of a hit when nothing else is going on, and how long a slice of a shrink takes.
void measure_cache_actor(report& into, const lab_options& options);

}  // namespace libagent::lab
