#include "libagent/cache/adaptive_policy.hpp"

#include "libagent/cache/follow_leader_policy.hpp"
#include "libagent/cache/gdsf_policy.hpp"
#include "libagent/cache/lirs_policy.hpp"
#include "libagent/cache/lru_k_policy.hpp"
#include "libagent/cache/lru_policy.hpp"
#include "libagent/cache/s3_fifo_policy.hpp"
#include "libagent/cache/w_tinylfu_policy.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

namespace libagent {

namespace {

// So many entries move from one policy to the next with each access.
constexpr std::size_t moved_at_once = 64;
// A new policy learns of no more uses, which bounds what moving an entry costs.
constexpr std::uint8_t uses_told_max = 15;

// Of the binary logarithm of the worth of a byte: two entries are typically a factor of two apart.
constexpr double telling_variance = 0.5;

// Fewer entries say little about what is to come.
constexpr std::size_t telling_residents = 256;

enum expert_place : std::uint8_t { lru_2_expert, loop_or_size_expert, plain_expert };

template <class Policy, class... Options>
policy_factory factory_of(const Options&... options) {
  return [options...](const entry_index& entries) {
    return std::make_unique<Policy>(entries, options...);
  };
}

policy_factory gdsf_factory(cache_objective objective, bool remember_evicted) {
  return factory_of<gdsf_policy>(
      gdsf_options{.objective = objective, .remember_evicted = remember_evicted});
}

// LIRS wins in loops, and LRU where nothing but recency counts, but hardly when sizes differ. Then
// aggregated victims and the plain form of GDSF do.
std::vector<policy_factory> adaptive_experts(cache_objective objective, bool sizes_differ) {
  const policy_factory lru = [](const entry_index&) { return std::make_unique<lru_policy>(); };
  return {factory_of<lru_k_policy>(),
          sizes_differ ? factory_of<w_tinylfu_policy>() : factory_of<lirs_policy>(),
          sizes_differ ? gdsf_factory(objective, false) : lru, gdsf_factory(objective, true),
          factory_of<s3_fifo_policy>()};
}

}  // namespace

adaptive_policy::adaptive_policy(const entry_index& entries, const adaptive_options& options)
    : entries_{entries},
      objective_{options.objective},
      panel_{options.objective, adaptive_experts(options.objective, false), lru_2_expert,
             options.sample},
      followed_{panel_.leader()} {
  auto follower = std::make_unique<follow_leader_policy>(entries, panel_);
  follower_ = follower.get();
  current_ = std::move(follower);
}

adaptive_policy::~adaptive_policy() = default;

void adaptive_policy::on_hit(cache_slot slot) {
  auto& uses = slots_[slot].uses;
  uses = std::min<std::uint8_t>(static_cast<std::uint8_t>(uses + 1), uses_told_max);
  watch(entries_.facts(slot));
  if (slots_[slot].owner == parity_) {
    current_->on_hit(slot);
  } else {
    former_->on_remove(slot);
    adopt(slot);
  }
  migrate_some();
}

void adaptive_policy::on_admit(const cache_entry_facts& incoming) {
  watch(incoming);
  migrate_some();
  current_->on_admit(incoming);
}

void adaptive_policy::on_insert(cache_slot slot) {
  slots_.grow_to(slot) = {.uses = 1, .owner = parity_};
  current_->on_insert(slot);
  ++resident_;
  charged_bytes_ += entries_.facts(slot).charge_bytes;
  if (!has_evicted_)
    guess_leader(entries_.facts(slot));
}

void adaptive_policy::on_update(cache_slot slot, const cache_entry_facts& old_facts) {
  panel_.update(entries_.facts(slot));
  owner_of(slot).on_update(slot, old_facts);
}

void adaptive_policy::on_remove(cache_slot slot) {
  owner_of(slot).on_remove(slot);
  panel_.erase(entries_.facts(slot).key_hash);
  --resident_;
}

std::optional<cache_slot> adaptive_policy::evict() {
  has_evicted_ = true;
  // What moved first is what the former policy valued least.
  auto victim = current_->evict();
  if (!victim && former_)
    victim = former_->evict();
  if (victim)
    --resident_;
  return victim;
}

void adaptive_policy::on_resize(std::uint64_t capacity_bytes) {
  capacity_bytes_ = capacity_bytes;
  panel_.resize(capacity_bytes);
  current_->on_resize(capacity_bytes);
  if (former_)
    former_->on_resize(capacity_bytes);
}

std::size_t adaptive_policy::memory_bytes() const {
  return panel_.memory_bytes() + current_->memory_bytes() +
         (former_ ? former_->memory_bytes() : 0) + slots_.memory_bytes();
}

void adaptive_policy::watch(const cache_entry_facts& facts) {
  if (only_charge_ == 0)
    only_charge_ = facts.charge_bytes;
  if (!sizes_differ_ && facts.charge_bytes != only_charge_)
    expect_sizes();
  panel_.fit(expected_entries());
  panel_.observe(facts);
  follow();
}

// How many there are, or will be once the cache is full: so a cache that grows large knows it from
// the start, and nothing has to move on the way.
std::size_t adaptive_policy::expected_entries() const {
  if (has_evicted_ || resident_ < telling_residents)
    return resident_;
  const auto full = static_cast<double>(capacity_bytes_) / static_cast<double>(charged_bytes_ + 1);
  return static_cast<std::size_t>(
      std::min(static_cast<double>(resident_) * std::max(full, 1.0), 1e9));
}

// Until the first eviction all experts hold the same. Where the worth of a byte differs, GDSF is
// nearly always the one to beat, else LRU-2.
void adaptive_policy::guess_leader(const cache_entry_facts& facts) {
  const auto worth = static_cast<double>(std::max<std::uint64_t>(worth_of(facts, objective_), 1));
  const auto log_worth = std::log2(worth / static_cast<double>(std::max(facts.charge_bytes, 1U)));
  const auto off = log_worth - mean_log_worth_;
  const auto count = static_cast<double>(resident_);
  mean_log_worth_ += off / count;
  variance_of_worth_ += (off * (log_worth - mean_log_worth_) - variance_of_worth_) / count;
  if (std::has_single_bit(resident_))
    panel_.lead(variance_of_worth_ > telling_variance ? plain_expert : lru_2_expert);
}

void adaptive_policy::expect_sizes() {
  sizes_differ_ = true;
  const auto experts = adaptive_experts(objective_, true);
  for (const std::size_t expert : {loop_or_size_expert, plain_expert}) {
    if (panel_.leader() == expert)
      panel_.lead(lru_2_expert);
    panel_.replace(expert, experts[expert]);
  }
}

void adaptive_policy::follow() {
  if (panel_.is_exact() && follower_ != nullptr) {
    if (followed_ != panel_.leader())
      follower_->on_new_leader();
    follower_->on_dropped();
    followed_ = panel_.leader();
    return;
  }
  if (former_ || (follower_ == nullptr && !panel_.is_exact() && followed_ == panel_.leader()))
    return;
  followed_ = panel_.leader();
  if (panel_.is_exact()) {
    auto follower = std::make_unique<follow_leader_policy>(entries_, panel_);
    follower_ = follower.get();
    change_policy(std::move(follower));
    return;
  }
  follower_ = nullptr;
  change_policy(adaptive_experts(objective_, sizes_differ_)[followed_](entries_));
}

void adaptive_policy::change_policy(std::unique_ptr<eviction_policy> next) {
  next->on_resize(capacity_bytes_);
  former_ = std::exchange(current_, std::move(next));
  parity_ ^= 1U;
}

void adaptive_policy::adopt(cache_slot slot) {
  slots_[slot].owner = parity_;
  // A panel that saw a sample only does not know most of what it is to lead from now on.
  if (follower_ != nullptr)
    panel_.offer(entries_.facts(slot));
  current_->on_admit(entries_.facts(slot));
  current_->on_insert(slot);
  for (auto told = 1U; told < slots_[slot].uses; ++told)
    current_->on_hit(slot);
}

void adaptive_policy::migrate_some() {
  for (std::size_t i = 0; former_ && i < moved_at_once; ++i) {
    if (const auto next = former_->evict()) {
      adopt(*next);
    } else {
      former_.reset();
    }
  }
}

eviction_policy& adaptive_policy::owner_of(cache_slot slot) {
  return slots_[slot].owner == parity_ ? *current_ : *former_;
}

}  // namespace libagent
