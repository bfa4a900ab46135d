#include "libagent/cache/expert_panel.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

// Round figures, fitted to no trace: a change of the lead costs a part of a refill.
constexpr double refill_share = 0.1;
constexpr double least_lead = 32;
// How much of its own savings, in such leads, a leader is credited with against a challenger: in a
// loop one expert may save most of the time and another now and then.
constexpr double credit_in_leads = 4;
// How many accesses the mean worth is taken over.
constexpr double worth_memory = 10'000;
// After a shrink this many entries may leave an expert with each access.
constexpr std::size_t evictions_at_once = 64;

}  // namespace

expert_panel::expert_panel(cache_objective objective, const std::vector<policy_factory>& experts,
                           std::size_t leader, const panel_sample& sample)
    : objective_{objective}, sample_{sample}, leader_{leader} {
  LIBAGENT_EXPECTS(sample.exact_entries_max > 0 && sample.sampled_entries_max > 0);
  LIBAGENT_EXPECTS(leader < experts.size() && experts.size() <= experts_max);
  for (const auto& make_policy : experts)
    experts_.push_back({.policy = make_policy(entries_)});
}

void expert_panel::observe(const cache_entry_facts& facts) {
  if (!is_sampled(facts.key_hash))
    return;
  const auto found = entries_.find(facts.key_hash);
  const auto hit = found == no_slot ? holders{0} : held_by_[found];
  if (facts.charge_bytes <= capacity_bytes_) {
    const auto slot = found == no_slot ? add(facts) : found;
    for (std::size_t i = 0; i < experts_.size(); ++i) {
      if (holds(hit, i)) {
        experts_[i].policy->on_hit(slot);
        continue;
      }
      experts_[i].policy->on_admit(facts);
      make_room(i, facts.charge_bytes);
      take_in(i, slot);
    }
  }
  judge(hit, static_cast<double>(worth_of(facts, objective_)));
}

void expert_panel::offer(const cache_entry_facts& facts) {
  if (!is_sampled(facts.key_hash))
    return;
  auto slot = entries_.find(facts.key_hash);
  const auto holding = slot == no_slot ? holders{0} : held_by_[slot];
  for (std::size_t i = 0; i < experts_.size(); ++i) {
    if (holds(holding, i) || experts_[i].charged_bytes + facts.charge_bytes > capacity_bytes_)
      continue;
    if (slot == no_slot)
      slot = add(facts);
    experts_[i].policy->on_admit(facts);
    take_in(i, slot);
  }
}

void expert_panel::update(const cache_entry_facts& facts) {
  const auto slot = entries_.find(facts.key_hash);
  if (slot == no_slot)
    return;
  const auto before = entries_.facts(slot);
  entries_.set_weight(slot, facts.charge_bytes, facts.cost);
  for (std::size_t i = 0; i < experts_.size(); ++i) {
    if (!holds(held_by_[slot], i))
      continue;
    experts_[i].charged_bytes += facts.charge_bytes;
    experts_[i].charged_bytes -= before.charge_bytes;
    experts_[i].policy->on_update(slot, before);
  }
}

void expert_panel::erase(std::uint64_t key_hash) {
  const auto slot = entries_.find(key_hash);
  if (slot == no_slot)
    return;
  const auto holding = held_by_[slot];
  for (std::size_t i = 0; i < experts_.size(); ++i) {
    if (!holds(holding, i))
      continue;
    experts_[i].policy->on_remove(slot);
    let_go(i, slot);
  }
}

void expert_panel::resize(std::uint64_t capacity_bytes) {
  cache_bytes_ = capacity_bytes;
  capacity_bytes_ = std::max<std::uint64_t>(capacity_bytes >> sample_bits_, 1);
  for (auto& each : experts_)
    each.policy->on_resize(capacity_bytes_);
}

void expert_panel::fit(std::size_t resident_entries) {
  auto bits = sample_bits_;
  if (bits == 0 && resident_entries > sample_.exact_entries_max)
    bits = 1;
  while (bits > 0 && (resident_entries >> bits) > sample_.sampled_entries_max)
    ++bits;
  // Back only when far below, so that it does not swing.
  while (bits > 1 && (resident_entries >> bits) < sample_.sampled_entries_max / 4)
    --bits;
  if (resident_entries < sample_.exact_entries_max * 3 / 4)
    bits = 0;
  if (bits != sample_bits_)
    set_sample_bits(bits);
}

void expert_panel::replace(std::size_t expert, const policy_factory& make_policy) {
  LIBAGENT_EXPECTS(expert < experts_.size() && expert != leader_);
  for (cache_slot slot = 0; slot < held_by_.size(); ++slot) {
    if (holds(held_by_[slot], expert))
      let_go(expert, slot);
  }
  auto& fresh = experts_[expert];
  fresh.policy = make_policy(entries_);
  fresh.policy->on_resize(capacity_bytes_);
  fresh.advantage = 0;
  for (cache_slot slot = 0; slot < held_by_.size(); ++slot) {
    if (!holds(held_by_[slot], leader_))
      continue;
    fresh.policy->on_admit(entries_.facts(slot));
    take_in(expert, slot);
  }
}

void expert_panel::lead(std::size_t expert) {
  LIBAGENT_EXPECTS(expert < experts_.size());
  leader_ = expert;
  for (auto& each : experts_)
    each.advantage = 0;
}

bool expert_panel::leader_holds(std::uint64_t key_hash) const {
  const auto slot = entries_.find(key_hash);
  return slot != no_slot && holds(held_by_[slot], leader_);
}

bool expert_panel::shrink_leader() {
  const auto& leading = experts_[leader_];
  if (leading.entries == 0 || leading.charged_bytes <= capacity_bytes_)
    return false;
  evict_one(leader_);
  return true;
}

std::size_t expert_panel::memory_bytes() const {
  auto bytes = entries_.memory_bytes() + held_by_.memory_bytes() +
               dropped_.capacity() * sizeof(std::uint64_t);
  for (const auto& each : experts_)
    bytes += each.policy->memory_bytes();
  return bytes;
}

// Mixed once more, so that the sample is no stripe of a table that uses the same bits.
bool expert_panel::is_sampled(std::uint64_t key_hash) const {
  return sample_bits_ == 0 || (key_hash * 0x9E3779B97F4A7C15ULL) >> (64U - sample_bits_) == 0;
}

bool expert_panel::holds(holders who, std::size_t expert) const {
  return ((static_cast<unsigned>(who) >> expert) & 1U) != 0;
}

// A slot that nobody holds yet: the caller gives it a holder.
cache_slot expert_panel::add(const cache_entry_facts& facts) {
  const auto slot = entries_.insert(facts);
  held_by_.grow_to(slot) = 0;
  return slot;
}

void expert_panel::take_in(std::size_t expert, cache_slot slot) {
  experts_[expert].policy->on_insert(slot);
  experts_[expert].charged_bytes += entries_.facts(slot).charge_bytes;
  ++experts_[expert].entries;
  held_by_[slot] = static_cast<holders>(held_by_[slot] | (1U << expert));
}

void expert_panel::let_go(std::size_t expert, cache_slot slot) {
  experts_[expert].charged_bytes -= entries_.facts(slot).charge_bytes;
  --experts_[expert].entries;
  held_by_[slot] = static_cast<holders>(held_by_[slot] & ~(1U << expert));
  if (held_by_[slot] == 0)
    entries_.erase(slot);
}

void expert_panel::evict_one(std::size_t expert) {
  const auto victim = experts_[expert].policy->evict();
  LIBAGENT_EXPECTS(victim.has_value());
  if (expert == leader_ && is_exact())
    dropped_.push_back(entries_.facts(*victim).key_hash);
  let_go(expert, *victim);
}

void expert_panel::make_room(std::size_t expert, std::uint64_t charge_bytes) {
  const auto& who = experts_[expert];
  for (std::size_t i = 0; i < evictions_at_once && who.entries > 0; ++i) {
    if (who.charged_bytes + charge_bytes <= capacity_bytes_)
      break;
    evict_one(expert);
  }
}

void expert_panel::judge(holders hit, double worth) {
  ++accesses_;
  mean_worth_ += (worth - mean_worth_) / std::min(static_cast<double>(accesses_), worth_memory);
  const auto everyone = static_cast<holders>((1U << experts_.size()) - 1);
  if (hit == 0 || hit == everyone)
    return;
  const auto entries = static_cast<double>(experts_[leader_].entries);
  const auto lead_to_take = std::max(least_lead, refill_share * entries) * mean_worth_;
  const auto leader_hit = holds(hit, leader_);
  auto best = leader_;
  auto most = lead_to_take;
  for (std::size_t i = 0; i < experts_.size(); ++i) {
    auto& advantage = experts_[i].advantage;
    if (holds(hit, i) != leader_hit)
      advantage += leader_hit ? -worth : worth;
    advantage = std::max(advantage, -credit_in_leads * lead_to_take);
    if (advantage > most) {
      most = advantage;
      best = i;
    }
  }
  if (best == leader_)
    return;
  for (auto& each : experts_)
    each.advantage -= most;
  leader_ = best;
  ++changes_;
}

void expert_panel::set_sample_bits(unsigned bits) {
  sample_bits_ = bits;
  std::vector<std::uint64_t> unsampled;
  for (cache_slot slot = 0; slot < held_by_.size(); ++slot) {
    if (held_by_[slot] != 0 && !is_sampled(entries_.facts(slot).key_hash))
      unsampled.push_back(entries_.facts(slot).key_hash);
  }
  for (const auto key_hash : unsampled)
    erase(key_hash);
  // Sums of another share are on another scale.
  lead(leader_);
  dropped_.clear();
  resize(cache_bytes_);
}

}  // namespace libagent
