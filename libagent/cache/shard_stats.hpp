#pragma once

#include "libagent/cache/cache_types.hpp"

namespace libagent {

/// Adds what another shard of the same cache says. Ages are those of the worse shard.
void add_shard(cache_stats& all, const cache_stats& shard);

}  // namespace libagent
