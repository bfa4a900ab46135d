#pragma once

#include "apps/lab/cache_reference.hpp"
#include "apps/lab/cache_tables.hpp"
#include "apps/lab/report.hpp"

namespace libagent::lab {

/// Puts the results beside those of other simulators: each cell's best reference policy, how much
/// more the adaptive policy misses, and what every policy loses on average; then the aims.
///
/// Counted are cells of 1, 10 and 40 % of the footprint, of traces of 50,000 requests and more,
/// with room for 100 objects and more.
void add_comparison(report& into, const cache_results& results, const reference_results& reference);

/// The aims that need no reference: LRU-K against LRU, the distance to Belady, and the hits on the
/// agents' workload when it is the one that the aims were set on.
void add_own_aims(report& into, const cache_results& results);

}  // namespace libagent::lab
