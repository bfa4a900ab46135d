#pragma once

#include "apps/lab/report.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

/// Measures each policy on one thread against an LRU of `std::unordered_map` and `std::list`, in
/// turns, on the agents' mix with room for 10 % of the objects; and how many bytes an entry takes
/// beyond key and value.
void measure_cache_speed(report& into, const std::vector<std::string>& policies,
                         const lab_options& options);

}  // namespace libagent::lab
