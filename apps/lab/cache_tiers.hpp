#pragma once

#include "apps/lab/cache_reference.hpp"
#include "apps/lab/cache_tables.hpp"
#include "apps/lab/report.hpp"
#include "libagent/cache/access_patterns.hpp"

#include <string>
#include <string_view>

namespace libagent::lab {

/// The trace with the costs of 25 % of the objects multiplied by 10, and of 5 % by 60, as if dearer
/// models had answered; which ones is drawn by a hash of the id.
[[nodiscard]] access_trace with_price_tiers(access_trace trace);

/// How a trace with price tiers is called.
[[nodiscard]] std::string tiered_name(std::string_view trace);

[[nodiscard]] bool is_tiered(std::string_view workload_name);

/// What is missed of the money when the prices differ, by policies that are told the costs and by
/// those that are not; and, where the reference has the trace, the aim for it.
void add_tier_comparison(report& into, const cache_results& results,
                         const reference_results& reference);

}  // namespace libagent::lab
