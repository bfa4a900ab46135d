#include "libagent/cache/shard_stats.hpp"

#include <algorithm>

namespace libagent {

void add_shard(cache_stats& all, const cache_stats& shard) {
  all.capacity_bytes += shard.capacity_bytes;
  all.charged_bytes += shard.charged_bytes;
  all.reserved_bytes += shard.reserved_bytes;
  all.entries += shard.entries;
  all.tenants = std::max(all.tenants, shard.tenants);  // a tenant may be in every shard
  all.hits += shard.hits;
  all.early_refreshes += shard.early_refreshes;
  all.stale_served += shard.stale_served;
  all.failure_served += shard.failure_served;
  all.misses += shard.misses;
  all.disk_hits += shard.disk_hits;
  all.bypassed += shard.bypassed;
  all.remembered_failures += shard.remembered_failures;
  all.shared_flights += shard.shared_flights;
  all.evictions += shard.evictions;
  all.expirations += shard.expirations;
  all.rejections += shard.rejections;
  all.rejected_too_large += shard.rejected_too_large;
  all.rejected_no_room += shard.rejected_no_room;
  all.rejected_tenant_quota += shard.rejected_tenant_quota;
  all.put_while_off += shard.put_while_off;
  all.saved_time += shard.saved_time;
  all.saved_tokens += shard.saved_tokens;
  all.saved_micro_cost += shard.saved_micro_cost;
  all.hit_age_p50 = std::max(all.hit_age_p50, shard.hit_age_p50);
  all.hit_age_p99 = std::max(all.hit_age_p99, shard.hit_age_p99);
}

}  // namespace libagent
