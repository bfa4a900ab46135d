#include "libagent/cache/negative_cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace libagent {

namespace {

constexpr duration negative_ttl_min = std::chrono::seconds{1};
constexpr duration negative_ttl_max = std::chrono::seconds{30};

}  // namespace

negative_cache::negative_cache(negative_cache_options options)
    : options_{options}, by_name_(0, name_hash{options.key}) {
  options_.ttl = std::clamp(options_.ttl, negative_ttl_min, negative_ttl_max);
}

bool negative_cache::is_deterministic(errc code) {
  switch (code) {
    using enum errc;
    case invalid_argument:
    case too_large:
    case unsupported: return true;
    default: return false;
  }
}

bool negative_cache::remember(std::string_view tenant, std::string_view key, const error& why,
                              time_point now) {
  forget(tenant, key);
  drop_old(now);
  if (!is_deterministic(why.code)) {
    ++counters_.not_deterministic;
    return false;
  }
  failure newest{std::string{tenant}, std::string{key}, why, now + options_.ttl};
  const auto charge = charge_of(newest);
  if (charge > options_.bytes_max || options_.entries_max == 0) {
    ++counters_.too_large;
    return false;
  }
  while (failures_.size() >= options_.entries_max || charged_bytes_ + charge > options_.bytes_max)
    drop(failures_.begin());
  failures_.push_back(std::move(newest));
  const auto added = std::prev(failures_.end());
  by_name_.emplace(name{added->tenant, added->key}, added);
  charged_bytes_ += charge;
  ++counters_.remembered;
  return true;
}

std::optional<error> negative_cache::find(std::string_view tenant, std::string_view key,
                                          time_point now) {
  drop_old(now);
  const auto found = by_name_.find(name{tenant, key});
  if (found == by_name_.end())
    return std::nullopt;
  ++counters_.hits;
  return found->second->why;
}

bool negative_cache::forget(std::string_view tenant, std::string_view key) {
  const auto found = by_name_.find(name{tenant, key});
  if (found == by_name_.end())
    return false;
  drop(found->second);
  return true;
}

std::uint64_t negative_cache::charge_of(const failure& one) {
  return one.tenant.size() + one.key.size() + one.why.context.size() + entry_overhead_bytes;
}

void negative_cache::drop_old(time_point now) {
  while (!failures_.empty() && failures_.front().gone_at <= now)
    drop(failures_.begin());
}

void negative_cache::drop(failure_list::iterator one) {
  by_name_.erase(name{one->tenant, one->key});
  charged_bytes_ -= charge_of(*one);
  failures_.erase(one);
}

}  // namespace libagent
