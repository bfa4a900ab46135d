#include "libagent/cache/tenant_shares.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace libagent {

namespace {

std::uint64_t scaled(std::uint64_t bytes, double share) {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * share);
}

}  // namespace

tenant_shares::tenant_shares(tenant_options options) : options_{std::move(options)} {
  LIBAGENT_EXPECTS(options_.tenants_max > 0);
  LIBAGENT_EXPECTS(options_.share_max > 0 && options_.share_max <= 1);
}

tenant_shares::id tenant_shares::add(std::string_view tenant) {
  LIBAGENT_EXPECTS(size() < options_.tenants_max);
  const auto own = options_.quotas.find(tenant);
  const account opened{0, own == options_.quotas.end() ? options_.default_quota : own->second};
  if (free_.empty()) {
    accounts_.push_back(opened);
    return static_cast<id>(accounts_.size() - 1);
  }
  const auto used_again = free_.back();
  free_.pop_back();
  accounts_[used_again] = opened;
  return used_again;
}

void tenant_shares::remove(id tenant) {
  LIBAGENT_EXPECTS(accounts_[tenant].charged_bytes == 0);
  free_.push_back(tenant);
}

void tenant_shares::set_charged(id tenant, std::uint64_t bytes) {
  auto& mine = accounts_[tenant];
  if (mine.charged_bytes == 0 && bytes > 0) {
    ++holders_;
    minimums_ += mine.quota.bytes_min;
  } else if (mine.charged_bytes > 0 && bytes == 0) {
    --holders_;
    minimums_ -= mine.quota.bytes_min;
  }
  mine.charged_bytes = bytes;
}

std::uint64_t tenant_shares::cap(id tenant, std::uint64_t capacity_bytes) const {
  const auto bytes_max = accounts_[tenant].quota.bytes_max;
  return bytes_max == 0 ? capacity_bytes : std::min(bytes_max, capacity_bytes);
}

std::uint64_t tenant_shares::entitlement(id tenant, std::uint64_t capacity_bytes) const {
  return part_of(tenant, divide(capacity_bytes, tenant));
}

tenant_shares::id tenant_shares::most_over(std::uint64_t capacity_bytes, id incoming,
                                           std::uint64_t incoming_bytes) const {
  return most_over(divide(capacity_bytes, incoming), incoming, incoming_bytes);
}

tenant_shares::id tenant_shares::most_over(std::uint64_t capacity_bytes) const {
  LIBAGENT_EXPECTS(holders_ > 0);
  return most_over(divide(capacity_bytes, nobody), nobody, 0);
}

tenant_shares::division tenant_shares::divide(std::uint64_t capacity_bytes, id incoming) const {
  division among{capacity_bytes, minimums_, holders_, 0};
  if (incoming != nobody && accounts_[incoming].charged_bytes == 0) {
    among.minimums += accounts_[incoming].quota.bytes_min;
    ++among.sharers;
  }
  if (among.minimums < capacity_bytes && among.sharers > 0)
    among.equal_part = (capacity_bytes - among.minimums) / among.sharers;
  return among;
}

std::uint64_t tenant_shares::part_of(id tenant, const division& among) const {
  const auto& mine = accounts_[tenant];
  if (among.minimums > among.capacity_bytes) {
    const auto part =
        static_cast<double>(mine.quota.bytes_min) / static_cast<double>(among.minimums);
    return scaled(among.capacity_bytes, part);
  }
  const auto share = among.sharers <= 1 ? 1.0 : options_.share_max;
  const auto share_bytes = std::max(scaled(among.capacity_bytes, share), mine.quota.bytes_min);
  return std::min(
      {mine.quota.bytes_min + among.equal_part, share_bytes, cap(tenant, among.capacity_bytes)});
}

tenant_shares::id tenant_shares::most_over(const division& among, id incoming,
                                           std::uint64_t incoming_bytes) const {
  if (among.sharers == 1 && incoming != nobody)
    return incoming;
  id most = nobody;
  std::int64_t excess_max = std::numeric_limits<std::int64_t>::min();
  for (id tenant = 0; tenant < accounts_.size(); ++tenant) {
    const auto held = accounts_[tenant].charged_bytes;
    if (held == 0 && tenant != incoming)
      continue;
    const auto wanted = held + (tenant == incoming ? incoming_bytes : 0);
    const auto excess =
        static_cast<std::int64_t>(wanted) - static_cast<std::int64_t>(part_of(tenant, among));
    if (excess > excess_max) {
      excess_max = excess;
      most = tenant;
    }
  }
  return most;
}

}  // namespace libagent
