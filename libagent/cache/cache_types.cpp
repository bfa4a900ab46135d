#include "libagent/cache/cache_types.hpp"

#include "libagent/cache/cache_store.hpp"

#include <chrono>

namespace libagent {

cache_stats to_stats(const cache_store& store) {
  const auto& counters = store.counters();
  return {.policy = std::string{store.policy_name()},
          .capacity_bytes = store.capacity_bytes(),
          .charged_bytes = store.charged_bytes(),
          .reserved_bytes = store.reserved_bytes(),
          .entries = store.entries(),
          .tenants = store.tenants(),
          .hits = counters.hits,
          .early_refreshes = counters.early_refreshes,
          .stale_served = counters.stale_served,
          .failure_served = counters.failure_served,
          .misses = counters.misses,
          .evictions = counters.evictions,
          .expirations = counters.expirations,
          .rejections = counters.rejections(),
          .rejected_too_large = counters.rejected_too_large,
          .rejected_no_room = counters.rejected_no_room,
          .rejected_tenant_quota = counters.rejected_tenant_quota,
          .put_while_off = counters.put_while_off,
          .saved_time = std::chrono::floor<std::chrono::milliseconds>(counters.saved_time),
          .saved_tokens = counters.saved_tokens,
          .saved_micro_cost = counters.saved_micro_cost,
          .hit_age_p50 = counters.hit_ages.quantile(0.5),
          .hit_age_p99 = counters.hit_ages.quantile(0.99)};
}

}  // namespace libagent
