#pragma once

#include "libagent/record/field.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace libagent {

class cache_store;

/// What a cache holds, and what became of the requests to it since it started.
struct cache_stats {
  std::string policy;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t charged_bytes = 0;
  std::uint64_t reserved_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t tenants = 0;
  std::uint64_t hits = 0;
  std::uint64_t early_refreshes = 0;
  std::uint64_t stale_served = 0;
  std::uint64_t failure_served = 0;
  std::uint64_t misses = 0;
  std::uint64_t disk_hits = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t remembered_failures = 0;
  std::uint64_t shared_flights = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t rejections = 0;
  std::uint64_t rejected_too_large = 0;
  std::uint64_t rejected_no_room = 0;
  std::uint64_t rejected_tenant_quota = 0;
  std::uint64_t put_while_off = 0;
  std::chrono::milliseconds saved_time{0};
  std::uint64_t saved_tokens = 0;
  std::uint64_t saved_micro_cost = 0;
  std::chrono::milliseconds hit_age_p50{0};
  std::chrono::milliseconds hit_age_p99{0};
};

template <class Inspector>
bool inspect(Inspector& f, cache_stats& x) {
  return record(
      f, x, "cache_stats", field("policy", "Name of the eviction policy.", x.policy),
      field("capacity_bytes", "Limit at present.", x.capacity_bytes),
      field("charged_bytes", "Charged to the entries now.", x.charged_bytes),
      field("reserved_bytes", "Set aside for values that are being computed.", x.reserved_bytes),
      field("entries", "Entries now.", x.entries),
      field("tenants", "Tenants that have entries now.", x.tenants),
      field("hits", "Askers that got a fresh value at once.", x.hits),
      field("early_refreshes", "Hits after which a newer value was computed before the time.",
            x.early_refreshes),
      field("stale_served", "Askers that got an old value while a newer one was computed.",
            x.stale_served),
      field("failure_served", "Askers that got an old value because computing one failed.",
            x.failure_served),
      field("misses", "Askers that found nothing and waited for nobody.", x.misses),
      field("disk_hits", "Misses that the second level answered.", x.disk_hits),
      field("bypassed", "Askers that wanted no stored value.", x.bypassed),
      field("remembered_failures", "Askers that were told of an earlier failure.",
            x.remembered_failures),
      field("shared_flights", "Askers that waited for another's computation.", x.shared_flights),
      field("evictions", "Entries evicted for space.", x.evictions),
      field("expirations", "Entries dropped by age.", x.expirations),
      field("rejections", "Values that were not admitted, for any of the reasons below.",
            x.rejections),
      field("rejected_too_large", "Alone too large for the cache.", x.rejected_too_large),
      field("rejected_no_room", "Room for them could not be made at once.", x.rejected_no_room),
      field("rejected_tenant_quota", "Too large for their tenant's share, or a tenant too many.",
            x.rejected_tenant_quota),
      field("put_while_off", "Values that came while the capacity was zero.", x.put_while_off),
      field("saved_time_ms", "Time that computing what was served had taken.", x.saved_time),
      field("saved_tokens", "Tokens that computing what was served had taken.", x.saved_tokens),
      field("saved_micro_cost", "What computing it had cost, in millionths of the currency.",
            x.saved_micro_cost),
      field("hit_age_p50_ms", "Half of what was served was younger; a power of two.",
            x.hit_age_p50),
      field("hit_age_p99_ms", "99 % of what was served was younger; a power of two.",
            x.hit_age_p99));
}

/// What a store knows; the rest stays zero.
[[nodiscard]] cache_stats to_stats(const cache_store& store);

}  // namespace libagent
