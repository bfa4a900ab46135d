#include "libagent/cache/follow_leader_policy.hpp"

#include <cstddef>
#include <vector>

namespace libagent {

std::optional<cache_slot> follow_leader_policy::evict() {
  while (panel_.is_exact() && lists_.oldest(unwanted) == no_slot && panel_.shrink_leader())
    on_dropped();
  for (const auto list : {unwanted, wanted}) {
    const auto victim = lists_.oldest(list);
    if (victim == no_slot)
      continue;
    lists_.remove(victim);
    return victim;
  }
  return std::nullopt;
}

void follow_leader_policy::on_dropped() {
  panel_.take_dropped(dropped_);
  for (const auto key_hash : dropped_) {
    const auto slot = entries_.find(key_hash);
    if (slot != no_slot && lists_.contains(slot))
      place(slot);
  }
  dropped_.clear();
}

void follow_leader_policy::on_new_leader() {
  std::vector<cache_slot> all;
  for (const auto list : {unwanted, wanted}) {
    for (auto slot = lists_.oldest(list); slot != no_slot; slot = lists_.newer(slot))
      all.push_back(slot);
  }
  for (const auto slot : all)
    place(slot);
}

void follow_leader_policy::place(cache_slot slot) {
  const auto list = panel_.leader_holds(entries_.facts(slot).key_hash) ? wanted : unwanted;
  if (lists_.contains(slot)) {
    lists_.move_to_newest(list, slot);
  } else {
    lists_.push_newest(list, slot);
  }
}

}  // namespace libagent
