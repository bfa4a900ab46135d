#include "libagent/cache/arc_policy.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

// Ghosts of small entries are bounded in number too, by that of the residents and some.
constexpr std::size_t arc_spare_ghosts = 1'000;

// How far one ghost hit moves the target: further, the smaller the list that was hit is.
double arc_step(std::uint32_t charge_bytes, std::uint64_t hit_bytes, std::uint64_t other_bytes) {
  const auto ratio =
      static_cast<double>(other_bytes) / static_cast<double>(std::max<std::uint64_t>(hit_bytes, 1));
  return charge_bytes * std::max(1.0, ratio);
}

}  // namespace

void arc_policy::on_hit(cache_slot slot) {
  if (where_[slot] == once) {
    charged_bytes_[once] -= charge(slot);
    charged_bytes_[often] += charge(slot);
    where_[slot] = often;
  }
  lists_.move_to_newest(often, slot);
}

void arc_policy::on_admit(const cache_entry_facts& incoming) {
  const auto once_bytes = ghosts_[once].charged_bytes;
  const auto often_bytes = ghosts_[often].charged_bytes;
  was_often_ = false;
  incoming_ = often;
  if (ghosts_[once].take(incoming.key_hash)) {
    const auto step = arc_step(incoming.charge_bytes, once_bytes, often_bytes);
    target_bytes_ = std::min(target_bytes_ + step, static_cast<double>(capacity_bytes_));
  } else if (ghosts_[often].take(incoming.key_hash)) {
    const auto step = arc_step(incoming.charge_bytes, often_bytes, once_bytes);
    target_bytes_ = std::max(target_bytes_ - step, 0.0);
    was_often_ = true;
  } else {
    incoming_ = once;
  }
}

void arc_policy::on_insert(cache_slot slot) {
  lists_.push_newest(incoming_, slot);
  where_.grow_to(slot) = incoming_;
  charged_bytes_[incoming_] += charge(slot);
  incoming_ = once;
  bound_ghosts();
}

void arc_policy::on_update(cache_slot slot, const cache_entry_facts& old_facts) {
  LIBAGENT_EXPECTS(lists_.contains(slot));
  charged_bytes_[where_[slot]] += charge(slot);
  charged_bytes_[where_[slot]] -= old_facts.charge_bytes;
}

void arc_policy::on_remove(cache_slot slot) {
  leave(slot);
}

std::optional<cache_slot> arc_policy::evict() {
  const auto once_bytes = static_cast<double>(charged_bytes_[once]);
  const auto over = once_bytes > target_bytes_ || (was_often_ && once_bytes >= target_bytes_);
  auto victim = lists_.oldest(over ? once : often);
  if (victim == no_slot)
    victim = lists_.oldest(over ? often : once);
  if (victim == no_slot)
    return std::nullopt;
  auto& ghosts = ghosts_[where_[victim]];
  leave(victim);
  ghosts.entries.push(entries_.facts(victim).key_hash, charge(victim));
  ghosts.charged_bytes += charge(victim);
  return victim;
}

void arc_policy::on_resize(std::uint64_t capacity_bytes) {
  if (capacity_bytes_ > 0)
    target_bytes_ *= static_cast<double>(capacity_bytes) / static_cast<double>(capacity_bytes_);
  capacity_bytes_ = capacity_bytes;
  bound_ghosts();
}

std::size_t arc_policy::memory_bytes() const {
  return lists_.memory_bytes() + where_.memory_bytes() + ghosts_[once].entries.memory_bytes() +
         ghosts_[often].entries.memory_bytes();
}

void arc_policy::leave(cache_slot slot) {
  lists_.remove(slot);
  charged_bytes_[where_[slot]] -= charge(slot);
}

// Entries seen once and their ghosts fit into one capacity, all entries and ghosts into two.
void arc_policy::bound_ghosts() {
  auto& [of_once, of_often] = ghosts_;
  while (of_once.entries.size() > 0 &&
         charged_bytes_[once] + of_once.charged_bytes > capacity_bytes_)
    of_once.pop_oldest();
  const auto all = [&] {
    return charged_bytes_[once] + charged_bytes_[often] + of_once.charged_bytes +
           of_often.charged_bytes;
  };
  while (of_often.entries.size() > 0 && all() > 2 * capacity_bytes_)
    of_often.pop_oldest();
  const auto ghosts_max = entries_.size() + arc_spare_ghosts;
  while (of_once.entries.size() + of_often.entries.size() > ghosts_max)
    (of_once.entries.size() > of_often.entries.size() ? of_once : of_often).pop_oldest();
}

bool arc_policy::ghost_list::take(std::uint64_t key_hash) {
  const auto charge_bytes = entries.take(key_hash);
  charged_bytes -= charge_bytes.value_or(0);
  return charge_bytes.has_value();
}

void arc_policy::ghost_list::pop_oldest() {
  charged_bytes -= entries.pop_oldest().value_or(0);
}

}  // namespace libagent
