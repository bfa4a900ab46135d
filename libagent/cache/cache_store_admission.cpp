// How an entry gets into a cache: whether it may, for whom it counts, and who makes room for it.

#include "libagent/base/contract.hpp"
#include "libagent/cache/cache_store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace libagent {

// Whether an entry may come in, after room was made for it. A replacement may use the room of
// what it replaces.
put_outcome cache_store::prepare(std::string_view tenant, std::string_view key,
                                 std::uint64_t charge, const cache_entry_facts& incoming) {
  if (options_.capacity_bytes == 0)
    return put_outcome::off;
  constexpr std::uint64_t charge_max = std::numeric_limits<std::uint32_t>::max();
  if (charge > std::min({options_.capacity_bytes, options_.entry_bytes_max, charge_max}))
    return put_outcome::too_large;
  auto left = whole_slice();
  if (shrink(left) || charge > room_bytes())
    return put_outcome::no_room;
  const auto owner = open_tenant(tenant);
  if (owner == no_tenant || charge > shares_.cap(owner, options_.capacity_bytes))
    return put_outcome::tenant_quota;
  // Of two keys with one hash the later one stays.
  auto& mine = *partitions_[owner];
  if (const auto same = mine.find(incoming.key_hash);
      same != no_slot && mine.record(same).key != key) {
    remove({owner, same});
  }
  rescale(owner, false);
  return make_room(owner, incoming, left);
}

put_outcome cache_store::make_room(tenant_id owner, const cache_entry_facts& incoming,
                                   slice& left) {
  auto& mine = *partitions_[owner];
  bool is_admitted = false;
  for (;;) {
    const auto old = mine.find(incoming.key_hash);
    // What is to be replaced may be evicted meanwhile, and comes in as new then.
    if (old == no_slot && !std::exchange(is_admitted, true))
      mine.admit(incoming);
    const std::uint64_t old_bytes = old == no_slot ? 0 : mine.facts(old).charge_bytes;
    const auto more =
        incoming.charge_bytes - std::min<std::uint64_t>(incoming.charge_bytes, old_bytes);
    auto giver = no_tenant;
    if (mine.charged_bytes() + more > shares_.cap(owner, options_.capacity_bytes)) {
      giver = owner;
    } else if (used_bytes() + more > options_.capacity_bytes) {
      giver = shares_.most_over(room_bytes(), owner, more);
    } else {
      return put_outcome::stored;
    }
    if (partitions_[giver]->entries() == 0)
      return put_outcome::tenant_quota;
    if (!evict_from(giver, left))
      return put_outcome::no_room;
  }
}

// Evicts what is over the capacity; returns whether there is more to do.
bool cache_store::shrink(slice& left) {
  while (is_over_capacity() && shares_.holders() > 0) {
    if (!evict_from(shares_.most_over(room_bytes()), left))
      return true;
  }
  return false;
}

bool cache_store::evict_from(tenant_id giver, slice& left) {
  if (left.evictions == 0 || left.bytes == 0)
    return false;
  const auto before = partitions_[giver]->charged_bytes();
  const auto freed_bytes = partitions_[giver]->evict();
  LIBAGENT_EXPECTS(freed_bytes.has_value());
  --left.evictions;
  left.bytes -= std::min(left.bytes, *freed_bytes);
  ++counters_.evictions;
  settle(giver, before);
  return true;
}

cache_store::tenant_id cache_store::open_tenant(std::string_view tenant) {
  if (const auto known = tenant_of(tenant); known != no_tenant)
    return known;
  if (shares_.size() >= options_.tenants.tenants_max)
    drop_empty_tenants();
  if (shares_.size() >= options_.tenants.tenants_max)
    return no_tenant;
  const auto opened = shares_.add(tenant);
  if (opened >= partitions_.size())
    partitions_.resize(opened + std::size_t{1});
  partitions_[opened] = std::make_unique<cache_partition>(
      make_policy_, shares_.entitlement(opened, options_.capacity_bytes));
  tenants_.emplace(tenant, opened);
  return opened;
}

void cache_store::drop_empty_tenants() {
  std::erase_if(tenants_, [this](const auto& known) {
    const auto tenant = known.second;
    if (partitions_[tenant]->entries() > 0)
      return false;
    partitions_[tenant].reset();
    shares_.remove(tenant);
    return true;
  });
}

}  // namespace libagent
