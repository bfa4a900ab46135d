#include "libagent/cache/cache_store.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent {

namespace {

// No random number of 53 bits gives a larger negative logarithm.
constexpr double head_start_max = 37;

// Filing a slot in a lower wheel is cheaper than dropping an entry, and comes several times.
constexpr std::uint32_t wheel_steps_per_drop = 8;

std::string name_of_policy(const policy_factory& make_policy) {
  const entry_index nothing;
  return std::string{make_policy(nothing)->name()};
}

}  // namespace

cache_store::cache_store(cache_store_options options, policy_factory make_policy)
    : options_{std::move(options)},
      make_policy_{std::move(make_policy)},
      policy_name_{name_of_policy(make_policy_)},
      random_{options_.seed},
      advisor_{options_.capacity_bytes, options_.advice},
      shares_{options_.tenants} {
  LIBAGENT_EXPECTS(options_.evictions_per_slice > 0 && options_.evicted_bytes_per_slice > 0);
  LIBAGENT_EXPECTS(options_.early_refresh_beta >= 0);
}

cache_found cache_store::find(std::string_view tenant, std::string_view key, time_point now) {
  const auto where = locate(tenant, key);
  const auto freshness = freshness_at(where, now);
  if (freshness == cache_freshness::gone || freshness == cache_freshness::failed_only) {
    ++counters_.misses;
    return {nullptr, freshness, {}};
  }
  ++(freshness == cache_freshness::stale ? counters_.stale_served : counters_.hits);
  counters_.early_refreshes += freshness == cache_freshness::due ? 1 : 0;
  return serve(where, freshness, now);
}

cache_found cache_store::find_after_failure(std::string_view tenant, std::string_view key,
                                            time_point now) {
  const auto where = locate(tenant, key);
  if (where.slot == no_slot)
    return {};
  const auto freshness = partitions_[where.tenant]->record(where.slot).times.freshness(now);
  if (freshness == cache_freshness::gone)
    return {};
  ++counters_.failure_served;
  return serve(where, freshness, now);
}

put_outcome cache_store::put(std::string_view tenant, std::string_view key,
                             std::shared_ptr<const std::string> value, const cache_times& times,
                             const cache_saving& saving, time_point now) {
  LIBAGENT_EXPECTS(value != nullptr);
  const auto charge = key.size() + value->size() + entry_overhead_bytes;
  // What is too large for 32 bits is refused, so the charge is right where it is used.
  const cache_entry_facts facts{hash_in_tenant(options_.key, tenant, key),
                                static_cast<std::uint32_t>(charge), policy_cost(saving)};
  const auto outcome = prepare(tenant, key, charge, facts);
  if (outcome != put_outcome::stored) {
    erase(tenant, key);
    count_refusal(outcome);
    return outcome;
  }
  const auto owner = tenant_of(tenant);
  auto& mine = *partitions_[owner];
  const auto before = mine.charged_bytes();
  cache_record record{std::string{key}, std::move(value), times, saving};
  if (const auto slot = mine.find(facts.key_hash); slot == no_slot) {
    mine.insert(facts, std::move(record), now);
    advisor_.access(facts, now);
  } else {
    mine.replace(slot, facts, std::move(record), now);
  }
  settle(owner, before);
  return put_outcome::stored;
}

bool cache_store::erase(std::string_view tenant, std::string_view key) {
  const auto where = locate(tenant, key);
  if (where.slot == no_slot)
    return false;
  remove(where);
  return true;
}

bool cache_store::reserve(std::uint64_t bytes) {
  if (bytes > options_.capacity_bytes / 2 - std::min(options_.capacity_bytes / 2, reserved_bytes_))
    return false;
  auto left = whole_slice();
  while (used_bytes() + bytes > options_.capacity_bytes) {
    if (shares_.holders() == 0 || !evict_from(shares_.most_over(room_bytes()), left))
      return false;
  }
  reserved_bytes_ += bytes;
  return true;
}

void cache_store::release(std::uint64_t bytes) {
  LIBAGENT_EXPECTS(bytes <= reserved_bytes_);
  reserved_bytes_ -= bytes;
}

void cache_store::set_capacity(std::uint64_t capacity_bytes) {
  options_.capacity_bytes = capacity_bytes;
  advisor_.resize(capacity_bytes);
  for (const auto& [name, tenant] : tenants_)
    rescale(tenant, true);
}

bool cache_store::evict_slice() {
  auto left = whole_slice();
  return shrink(left);
}

bool cache_store::purge_slice(time_point now) {
  auto left = whole_slice();
  auto steps = left.evictions * wheel_steps_per_drop;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const auto tenant = purge_next_ % static_cast<tenant_id>(partitions_.size());
    while (partitions_[tenant] && left.evictions > 0 && left.bytes > 0) {
      const auto before = partitions_[tenant]->charged_bytes();
      if (!partitions_[tenant]->drop_expired(now, steps))
        break;
      ++counters_.expirations;
      --left.evictions;
      left.bytes -= std::min(left.bytes, before - partitions_[tenant]->charged_bytes());
      settle(tenant, before);
    }
    if (left.evictions == 0 || left.bytes == 0 || steps == 0)
      return true;
    purge_next_ = tenant + 1;
  }
  return false;
}

std::size_t cache_store::entries() const {
  std::size_t sum = 0;
  for (const auto& [name, tenant] : tenants_)
    sum += partitions_[tenant]->entries();
  return sum;
}

std::uint64_t cache_store::charged_bytes(std::string_view tenant) const {
  const auto known = tenant_of(tenant);
  return known == no_tenant ? 0 : partitions_[known]->charged_bytes();
}

std::size_t cache_store::memory_bytes() const {
  std::size_t sum = 0;
  for (const auto& [name, tenant] : tenants_)
    sum += partitions_[tenant]->memory_bytes();
  return sum;
}

cache_freshness cache_store::freshness_at(const place& where, time_point now) {
  if (where.slot == no_slot)
    return cache_freshness::gone;
  auto& mine = *partitions_[where.tenant];
  const auto& found = mine.record(where.slot);
  const auto freshness = found.times.freshness(now);
  if (freshness == cache_freshness::gone) {
    ++counters_.expirations;
    remove(where);
    return freshness;
  }
  mine.hit(where.slot);
  advisor_.access(mine.facts(where.slot), now);
  if (freshness == cache_freshness::fresh && draws_early_refresh(found, now))
    return cache_freshness::due;
  return freshness;
}

bool cache_store::draws_early_refresh(const cache_record& found, time_point now) {
  const auto beta = options_.early_refresh_beta;
  const auto reach = static_cast<double>(found.saving.compute_time.count()) * beta * head_start_max;
  if (static_cast<double>((found.times.fresh_until - now).count()) > reach)
    return false;
  const auto u = 1.0 - random_.unit();
  return is_due_early(found.times, found.saving.compute_time, beta, u, now);
}

cache_found cache_store::serve(const place& where, cache_freshness freshness, time_point now) {
  const auto& found = partitions_[where.tenant]->record(where.slot);
  const auto age = now - found.times.stored_at;
  counters_.count_served(found.saving, age);
  return {found.value, freshness, age};
}

cache_store::place cache_store::locate(std::string_view tenant, std::string_view key) const {
  const auto owner = tenant_of(tenant);
  if (owner == no_tenant)
    return {};
  return {owner, partitions_[owner]->find(hash_in_tenant(options_.key, tenant, key), key)};
}

void cache_store::prefetch(std::span<const cache_name> names) const {
  std::array<const cache_record*, 16> found{};
  for (std::size_t begin = 0; begin < names.size(); begin += found.size()) {
    const auto some = names.subspan(begin, std::min(found.size(), names.size() - begin));
    for (std::size_t i = 0; i < some.size(); ++i) {
      const auto owner = tenant_of(some[i].tenant);
      found[i] = owner == no_tenant ? nullptr
                                    : partitions_[owner]->prefetch(hash_in_tenant(
                                          options_.key, some[i].tenant, some[i].key));
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (found[i] == nullptr)
        continue;
      __builtin_prefetch(found[i]->key.data());
      __builtin_prefetch(found[i]->value.get());
    }
  }
}

void cache_store::remove(const place& where) {
  const auto before = partitions_[where.tenant]->charged_bytes();
  partitions_[where.tenant]->erase(where.slot);
  settle(where.tenant, before);
}

void cache_store::count_refusal(put_outcome why) {
  switch (why) {
    using enum put_outcome;
    case off: ++counters_.put_while_off; break;
    case too_large: ++counters_.rejected_too_large; break;
    case no_room: ++counters_.rejected_no_room; break;
    case tenant_quota: ++counters_.rejected_tenant_quota; break;
    case stored: break;
  }
}

cache_store::tenant_id cache_store::tenant_of(std::string_view tenant) const {
  const auto known = tenants_.find(tenant);
  return known == tenants_.end() ? no_tenant : known->second;
}

// Follows a change of what a tenant is charged.
void cache_store::settle(tenant_id tenant, std::uint64_t before) {
  const auto after = partitions_[tenant]->charged_bytes();
  charged_bytes_ = charged_bytes_ - before + after;
  shares_.set_charged(tenant, after);
}

// A policy should think that it has what its tenant can have at present.
void cache_store::rescale(tenant_id tenant, bool is_exact) {
  const auto capacity = options_.capacity_bytes;
  const auto share = std::max(shares_.entitlement(tenant, capacity), shares_.charged(tenant));
  partitions_[tenant]->suggest_capacity(std::min(share, shares_.cap(tenant, capacity)), is_exact);
}

}  // namespace libagent
