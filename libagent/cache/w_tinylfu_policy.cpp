#include "libagent/cache/w_tinylfu_policy.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <cmath>

namespace libagent {

namespace {

constexpr double protected_share_of_main = 0.8;
// Caffeine's climber: it looks every ten uses an entry, starts with a sixteenth of the capacity
// and starts over when the hit ratio jumps. It gets calmer a little faster than there.
constexpr std::uint64_t uses_a_period = 10;
constexpr double first_step = 0.0625;
constexpr double step_decay = 0.95;
constexpr double restart_at = 0.05;
constexpr double least_window = 0.01;
constexpr double largest_window = 0.8;

}  // namespace

w_tinylfu_policy::w_tinylfu_policy(const entry_index& entries, const w_tinylfu_options& options)
    : entries_{entries},
      options_{options},
      sketch_{short_sketch_memory},
      window_share_{options.window_share},
      step_{first_step} {
  LIBAGENT_EXPECTS(options.window_share > 0 && options.window_share < 1);
}

void w_tinylfu_policy::on_hit(cache_slot slot) {
  LIBAGENT_EXPECTS(lists_.contains(slot));
  sketch_.record(entries_.facts(slot).key_hash);
  touch(slot);
  climb(true);
}

void w_tinylfu_policy::on_admit(const cache_entry_facts& incoming) {
  incoming_bytes_ = incoming.charge_bytes;
  sketch_.record(incoming.key_hash);
  climb(false);
}

void w_tinylfu_policy::on_insert(cache_slot slot) {
  region_of_.grow_to(slot);
  incoming_bytes_ = 0;
  enter(window, slot);
  ++resident_;
  sketch_.fit(resident_);
}

void w_tinylfu_policy::on_update(cache_slot slot, const cache_entry_facts& old_facts) {
  LIBAGENT_EXPECTS(lists_.contains(slot));
  auto& bytes = bytes_[region_of_[slot]];
  bytes = bytes - old_facts.charge_bytes + entries_.facts(slot).charge_bytes;
  sketch_.record(entries_.facts(slot).key_hash);
  touch(slot);
}

void w_tinylfu_policy::on_remove(cache_slot slot) {
  give_up(slot);
}

std::optional<cache_slot> w_tinylfu_policy::evict() {
  const auto main_bytes_max = capacity_bytes_ - window_bytes_max_;
  for (;;) {
    const auto candidate = lists_.oldest(window);
    if (candidate == entry_index::none || bytes_[window] + incoming_bytes_ <= window_bytes_max_)
      break;
    if (main_bytes() + entries_.facts(candidate).charge_bytes > main_bytes_max &&
        !beats_its_victims(candidate))
      return give_up(candidate);
    leave(candidate);
    enter(probation, candidate);
    if (main_bytes() > main_bytes_max)
      return give_up(main_victim());
  }
  const auto victim = main_victim();
  if (victim != entry_index::none)
    return give_up(victim);
  if (const auto last = lists_.oldest(window); last != entry_index::none)
    return give_up(last);
  return std::nullopt;
}

void w_tinylfu_policy::on_resize(std::uint64_t capacity_bytes) {
  capacity_bytes_ = capacity_bytes;
  set_window_share(window_share_);
  keep_protected_within_its_share();
}

std::size_t w_tinylfu_policy::memory_bytes() const {
  return sketch_.memory_bytes() + lists_.memory_bytes() + region_of_.memory_bytes();
}

void w_tinylfu_policy::enter(region where, cache_slot slot) {
  lists_.push_newest(where, slot);
  region_of_[slot] = where;
  bytes_[where] += entries_.facts(slot).charge_bytes;
}

void w_tinylfu_policy::leave(cache_slot slot) {
  lists_.remove(slot);
  bytes_[region_of_[slot]] -= entries_.facts(slot).charge_bytes;
}

void w_tinylfu_policy::touch(cache_slot slot) {
  if (region_of_[slot] != probation) {
    lists_.move_to_newest(region_of_[slot], slot);
    return;
  }
  leave(slot);
  enter(protected_main, slot);
  keep_protected_within_its_share();
}

void w_tinylfu_policy::keep_protected_within_its_share() {
  const auto main_bytes_max = static_cast<double>(capacity_bytes_ - window_bytes_max_);
  const auto most = static_cast<std::uint64_t>(protected_share_of_main * main_bytes_max);
  while (bytes_[protected_main] > most) {
    const auto demoted = lists_.oldest(protected_main);
    leave(demoted);
    enter(probation, demoted);
  }
}

std::uint64_t w_tinylfu_policy::main_bytes() const {
  return bytes_[probation] + bytes_[protected_main];
}

cache_slot w_tinylfu_policy::main_victim() const {
  const auto victim = lists_.oldest(probation);
  return victim != entry_index::none ? victim : lists_.oldest(protected_main);
}

bool w_tinylfu_policy::beats_its_victims(cache_slot candidate) {
  const auto& facts = entries_.facts(candidate);
  const auto uses = sketch_.frequency(facts.key_hash);
  const auto taken = main_bytes() + facts.charge_bytes;
  const auto most = capacity_bytes_ - window_bytes_max_;
  std::uint64_t freed = 0;
  std::uint32_t their_uses = 0;
  for (auto victim = main_victim(); victim != entry_index::none && uses >= their_uses;
       victim = after_victim(victim)) {
    their_uses += sketch_.frequency(entries_.facts(victim).key_hash);
    freed += entries_.facts(victim).charge_bytes;
    if (taken <= most + freed)
      break;
  }
  // With as many uses the smaller one is worth more.
  if (taken <= most + freed &&
      (uses > their_uses || (uses == their_uses && freed > facts.charge_bytes)))
    return true;
  spare_victims(facts.charge_bytes);
  return false;
}

cache_slot w_tinylfu_policy::after_victim(cache_slot victim) const {
  const auto next = lists_.newer(victim);
  return next == entry_index::none && region_of_[victim] == probation
             ? lists_.oldest(protected_main)
             : next;
}

// Who won against one candidate would win against most: without this a single popular victim
// would stand before all the others and turn every newcomer away.
void w_tinylfu_policy::spare_victims(std::uint64_t bytes) {
  std::uint64_t spared = 0;
  const auto last = lists_.newest(probation);
  for (auto victim = lists_.oldest(probation); victim != last && spared < bytes;
       victim = lists_.oldest(probation)) {
    spared += entries_.facts(victim).charge_bytes;
    lists_.move_to_newest(probation, victim);
  }
}

cache_slot w_tinylfu_policy::give_up(cache_slot victim) {
  LIBAGENT_EXPECTS(lists_.contains(victim));
  leave(victim);
  --resident_;
  return victim;
}

void w_tinylfu_policy::set_window_share(double share) {
  window_share_ = share;
  const auto bytes = std::llround(share * static_cast<double>(capacity_bytes_));
  window_bytes_max_ = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(bytes), 1,
                                                std::max<std::uint64_t>(capacity_bytes_, 1));
  window_bytes_max_ = std::min(window_bytes_max_, capacity_bytes_);
}

void w_tinylfu_policy::climb(bool hit) {
  if (!options_.adaptive_window)
    return;
  period_hits_ += hit ? 1U : 0U;
  if (++period_uses_ < uses_a_period * std::max<std::size_t>(resident_, 16))
    return;
  const auto hit_ratio = static_cast<double>(period_hits_) / static_cast<double>(period_uses_);
  const auto change = hit_ratio - last_hit_ratio_;
  const auto direction = change >= 0 ? step_ : -step_;
  set_window_share(std::clamp(window_share_ + direction, least_window, largest_window));
  step_ = std::abs(change) >= restart_at ? std::copysign(first_step, direction)
                                         : direction * step_decay;
  last_hit_ratio_ = hit_ratio;
  period_hits_ = 0;
  period_uses_ = 0;
}

}  // namespace libagent
