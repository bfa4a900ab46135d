#pragma once

#include "libagent/cache/entry_index.hpp"
#include "libagent/cache/eviction_policy.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace libagent {

/// Makes a policy for the entries of an index, which outlives it.
using policy_factory = std::function<std::unique_ptr<eviction_policy>(const entry_index&)>;

/// A cache of facts without values: what a policy would hold, and how often it would hit.
///
/// Serves the adaptive policy as expert, and experiments as simulation. Thread safety: none.
class ghost_cache {
public:
  /// A capacity of zero holds nothing and asks the policy nothing.
  ghost_cache(std::uint64_t capacity_bytes, const policy_factory& make_policy);

  /// Looks an entry up, and takes it in when it is absent and fits. Returns whether it was there.
  /// A hit leaves the charge and cost that the entry came with.
  bool access(const cache_entry_facts& facts);

  /// Returns whether there was such an entry.
  bool erase(std::uint64_t key_hash);

  /// Changes the capacity, and evicts at once what no longer fits.
  void resize(std::uint64_t capacity_bytes);

  [[nodiscard]] bool contains(std::uint64_t key_hash) const {
    return index_.find(key_hash) != entry_index::none;
  }

  [[nodiscard]] std::size_t size() const { return index_.size(); }

  [[nodiscard]] std::uint64_t charged_bytes() const { return charged_bytes_; }

  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }

  [[nodiscard]] const eviction_policy& policy() const { return *policy_; }

  [[nodiscard]] std::size_t memory_bytes() const {
    return index_.memory_bytes() + policy_->memory_bytes();
  }

private:
  void make_room_for(std::uint64_t charge_bytes);

  entry_index index_;
  std::unique_ptr<eviction_policy> policy_;
  std::uint64_t capacity_bytes_ = 0;
  std::uint64_t charged_bytes_ = 0;
};

}  // namespace libagent
