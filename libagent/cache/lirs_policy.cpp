#include "libagent/cache/lirs_policy.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

constexpr std::uint64_t probation_bytes_min = 2;

}  // namespace

lirs_policy::lirs_policy(const entry_index& entries, const lirs_options& options)
    : entries_{entries}, options_{options} {
  LIBAGENT_EXPECTS(options.probation_share > 0 && options.probation_share < 1);
  LIBAGENT_EXPECTS(options.ghosts_per_entry >= 0 && options.stamp_max >= 2);
}

void lirs_policy::on_hit(cache_slot slot) {
  LIBAGENT_EXPECTS(lists_.contains(slot));
  tick();
  const auto in_stack = stamps_[slot] > stack_bottom();
  stamps_[slot] = now_;
  if (where_[slot] == probation && in_stack) {
    heat(slot);
  } else {
    lists_.move_to_newest(where_[slot], slot);
  }
}

void lirs_policy::on_admit(const cache_entry_facts& incoming) {
  tick();
  const auto ghost = ghosts_.take(incoming.key_hash);
  const auto has_room = charged_bytes_[hot] + incoming.charge_bytes <= hot_bytes_max_;
  admit_hot_ = has_room || ghost.value_or(0) > stack_bottom();
}

void lirs_policy::on_insert(cache_slot slot) {
  stamps_.grow_to(slot) = now_;
  where_.grow_to(slot) = probation;
  lists_.push_newest(probation, slot);
  charged_bytes_[probation] += charge(slot);
  ++residents_;
  if (admit_hot_)
    heat(slot);
  admit_hot_ = false;
}

void lirs_policy::on_update(cache_slot slot, const cache_entry_facts& old_facts) {
  LIBAGENT_EXPECTS(lists_.contains(slot));
  auto& charged = charged_bytes_[where_[slot]];
  charged += charge(slot);
  charged -= old_facts.charge_bytes;
}

void lirs_policy::on_remove(cache_slot slot) {
  leave(slot);
}

std::optional<cache_slot> lirs_policy::evict() {
  if (charged_bytes_[hot] > hot_bytes_max_)
    cool_one();
  auto victim = lists_.oldest(probation);
  if (victim == no_slot)
    victim = lists_.oldest(hot);
  if (victim == no_slot)
    return std::nullopt;
  const auto was_cold = where_[victim] == probation;
  leave(victim);
  if (was_cold)
    remember(victim);
  return victim;
}

void lirs_policy::on_resize(std::uint64_t capacity_bytes) {
  const auto share = static_cast<double>(capacity_bytes) * options_.probation_share;
  const auto probation_bytes = std::max(static_cast<std::uint64_t>(share), probation_bytes_min);
  hot_bytes_max_ = capacity_bytes - std::min(capacity_bytes, probation_bytes);
}

std::size_t lirs_policy::memory_bytes() const {
  return lists_.memory_bytes() + where_.memory_bytes() + stamps_.memory_bytes() +
         ghosts_.memory_bytes();
}

// An entry that the hot set could not hold even alone stays on probation.
void lirs_policy::heat(cache_slot slot) {
  if (charge(slot) > hot_bytes_max_) {
    lists_.move_to_newest(probation, slot);
    return;
  }
  lists_.move_to_newest(hot, slot);
  where_[slot] = hot;
  charged_bytes_[probation] -= charge(slot);
  charged_bytes_[hot] += charge(slot);
  while (charged_bytes_[hot] > hot_bytes_max_ && cool_one()) {
  }
}

// The coldest hot entry goes on probation; its last use is then below the bottom of the stack.
bool lirs_policy::cool_one() {
  const auto coldest = lists_.oldest(hot);
  if (coldest == no_slot)
    return false;
  lists_.move_to_newest(probation, coldest);
  where_[coldest] = probation;
  charged_bytes_[hot] -= charge(coldest);
  charged_bytes_[probation] += charge(coldest);
  return true;
}

void lirs_policy::leave(cache_slot slot) {
  lists_.remove(slot);
  charged_bytes_[where_[slot]] -= charge(slot);
  --residents_;
}

void lirs_policy::remember(cache_slot slot) {
  if (stamps_[slot] > stack_bottom())
    ghosts_.push(entries_.facts(slot).key_hash, stamps_[slot]);
  drop_ghosts();
}

// Those below the bottom of the stack, and those above the bound in number.
void lirs_policy::drop_ghosts() {
  const auto bottom = stack_bottom();
  const auto share = std::min(static_cast<double>(residents_) * options_.ghosts_per_entry, 1e15);
  const auto ghosts_max = std::max(static_cast<std::size_t>(share), options_.ghosts_min);
  while (ghosts_.size() > ghosts_max || (ghosts_.size() > 0 && *ghosts_.oldest() <= bottom))
    ghosts_.pop_oldest();
}

// Time stamps have 32 bits; once in their range all are made smaller, the oldest become equal.
void lirs_policy::tick() {
  if (now_ == options_.stamp_max) {
    const auto shift = now_ / 2;
    const auto shrink = [shift](std::uint32_t& stamp) { stamp -= std::min(stamp, shift); };
    std::ranges::for_each(stamps_, shrink);
    ghosts_.for_each(shrink);
    now_ -= shift;
  }
  ++now_;
}

}  // namespace libagent
