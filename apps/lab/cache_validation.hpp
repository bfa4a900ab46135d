#pragma once

#include "apps/lab/cache_reference.hpp"
#include "apps/lab/cache_tables.hpp"
#include "apps/lab/report.hpp"

namespace libagent::lab {

/// Puts our policies beside the reference's of the same name: what is defined to the last detail
/// (FIFO, LRU, Belady's MIN) must miss exactly as often, the others within what they leave open,
/// where 100 objects fit.
void add_validation(report& into, const cache_results& results, const reference_results& reference);

}  // namespace libagent::lab
