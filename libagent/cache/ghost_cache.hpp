#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/cache/entry_index.hpp"
#include "libagent/cache/eviction_policy.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace libagent {

/// A cache of facts without values: what a policy would hold, and how often it would hit.
///
/// Serves the adaptive policy as expert, and experiments as simulation. With a `final` policy
/// class in the place of `eviction_policy` the calls of the policy are inlined, which is worth
/// about a fifth of the time of the simplest ones. Thread safety: none.
template <class Policy>
class basic_ghost_cache {
public:
  /// Makes a policy for the entries of an index, which outlives it.
  using factory = std::function<std::unique_ptr<Policy>(const entry_index&)>;

  /// A capacity of zero holds nothing and asks the policy nothing.
  basic_ghost_cache(std::uint64_t capacity_bytes, const factory& make_policy)
      : policy_{make_policy(index_)}, capacity_bytes_{capacity_bytes} {
    policy_->on_resize(capacity_bytes);
  }

  basic_ghost_cache(const basic_ghost_cache&) = delete;
  basic_ghost_cache& operator=(const basic_ghost_cache&) = delete;
  ~basic_ghost_cache() = default;

  /// Looks an entry up, and takes it in when it is absent and fits. Returns whether it was there.
  /// A hit leaves the charge and cost that the entry came with.
  bool access(const cache_entry_facts& facts) {
    const auto found = index_.find(facts.key_hash);
    if (found != entry_index::none) {
      policy_->on_hit(found);
      return true;
    }
    if (facts.charge_bytes <= capacity_bytes_)
      admit(facts);
    return false;
  }

  /// Returns whether there was such an entry.
  bool erase(std::uint64_t key_hash) {
    const auto found = index_.find(key_hash);
    if (found == entry_index::none)
      return false;
    policy_->on_remove(found);
    charged_bytes_ -= index_.facts(found).charge_bytes;
    index_.erase(found);
    return true;
  }

  /// Changes the capacity, and evicts at once what no longer fits.
  void resize(std::uint64_t capacity_bytes) {
    capacity_bytes_ = capacity_bytes;
    policy_->on_resize(capacity_bytes);
    make_room_for(0);
  }

  [[nodiscard]] bool contains(std::uint64_t key_hash) const {
    return index_.find(key_hash) != entry_index::none;
  }

  [[nodiscard]] std::size_t size() const { return index_.size(); }

  [[nodiscard]] std::uint64_t charged_bytes() const { return charged_bytes_; }

  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }

  [[nodiscard]] const Policy& policy() const { return *policy_; }

  [[nodiscard]] std::size_t memory_bytes() const {
    return index_.memory_bytes() + policy_->memory_bytes();
  }

private:
  void admit(const cache_entry_facts& facts) {
    policy_->on_admit(facts);
    make_room_for(facts.charge_bytes);
    policy_->on_insert(index_.insert(facts));
    charged_bytes_ += facts.charge_bytes;
  }

  void make_room_for(std::uint64_t charge_bytes) {
    while (charged_bytes_ + charge_bytes > capacity_bytes_) {
      const auto victim = policy_->evict();
      LIBAGENT_EXPECTS(victim.has_value());
      charged_bytes_ -= index_.facts(*victim).charge_bytes;
      index_.erase(*victim);
    }
  }

  entry_index index_;
  std::unique_ptr<Policy> policy_;
  std::uint64_t capacity_bytes_ = 0;
  std::uint64_t charged_bytes_ = 0;
};

/// A ghost cache under any policy.
using ghost_cache = basic_ghost_cache<eviction_policy>;

/// Makes a policy for the entries of an index, which outlives it.
using policy_factory = ghost_cache::factory;

}  // namespace libagent
