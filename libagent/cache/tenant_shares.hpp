#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What a tenant may have of a cache, in bytes.
struct tenant_quota {
  std::uint64_t bytes_min = 0;  ///< Not taken from it for others.
  std::uint64_t bytes_max = 0;  ///< Never more than this, even of empty room; 0: no such limit.
};

struct tenant_options {
  std::size_t tenants_max = 1'024;  ///< At one time, the anonymous one included.
  /// What one tenant may keep of the capacity when others need it; in (0, 1].
  double share_max = 0.5;
  tenant_quota default_quota;
  std::map<std::string, tenant_quota, std::less<>> quotas;  ///< By tenant.
};

/// Divides a capacity among tenants.
///
/// Each tenant is entitled to its minimum and an equal part of what the minimums leave (when they
/// pass the capacity together, to its part of the minimums), up to `share_max` unless it is alone.
/// More it may have as long as nobody else needs the room. As the entitlements sum up to no more
/// than the capacity, somebody holds more than its own whenever the cache is over its capacity;
/// who is over it the most gives. Thread safety: none.
class tenant_shares {
public:
  /// Names a tenant here; dense, and used again.
  using id = std::uint32_t;

  /// @pre The shares and limits of `options` are in their ranges.
  explicit tenant_shares(tenant_options options);

  /// @pre `size()` is below `tenants_max`.
  [[nodiscard]] id add(std::string_view tenant);

  /// @pre The tenant holds nothing.
  void remove(id tenant);

  /// Sets what the tenant holds.
  void set_charged(id tenant, std::uint64_t bytes);

  [[nodiscard]] std::uint64_t charged(id tenant) const { return accounts_[tenant].charged_bytes; }

  /// The most that the tenant may have of `capacity_bytes`, though nobody else needs it.
  [[nodiscard]] std::uint64_t cap(id tenant, std::uint64_t capacity_bytes) const;

  /// What nobody takes from the tenant.
  [[nodiscard]] std::uint64_t entitlement(id tenant, std::uint64_t capacity_bytes) const;

  /// Who gives when `incoming` is to have `incoming_bytes` more: of it and those that hold
  /// something the one that would be over its entitlement the most.
  [[nodiscard]] id most_over(std::uint64_t capacity_bytes, id incoming,
                             std::uint64_t incoming_bytes) const;

  /// Who gives when the capacity has become smaller.
  /// @pre Somebody holds something.
  [[nodiscard]] id most_over(std::uint64_t capacity_bytes) const;

  [[nodiscard]] std::size_t size() const { return accounts_.size() - free_.size(); }

  /// Tenants that hold something.
  [[nodiscard]] std::size_t holders() const { return holders_; }

private:
  struct account {
    std::uint64_t charged_bytes = 0;
    tenant_quota quota;
  };

  static constexpr id nobody = ~id{0};

  // Among whom a capacity is divided.
  struct division {
    std::uint64_t capacity_bytes = 0;
    std::uint64_t minimums = 0;  // of all sharers
    std::uint64_t sharers = 0;
    std::uint64_t equal_part = 0;  // of what the minimums leave
  };

  [[nodiscard]] division divide(std::uint64_t capacity_bytes, id incoming) const;
  [[nodiscard]] std::uint64_t part_of(id tenant, const division& among) const;
  [[nodiscard]] id most_over(const division& among, id incoming,
                             std::uint64_t incoming_bytes) const;

  tenant_options options_;
  std::vector<account> accounts_;
  std::vector<id> free_;
  std::size_t holders_ = 0;
  std::uint64_t minimums_ = 0;  // of those that hold something
};

}  // namespace libagent
