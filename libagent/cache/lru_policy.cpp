#include "libagent/cache/lru_policy.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

lru_policy::lru_policy() : links_(1) {}

void lru_policy::on_hit(cache_slot slot) {
  detach(slot + 1);
  attach_newest(slot + 1);
}

void lru_policy::on_insert(cache_slot slot, const cache_entry_facts&) {
  while (links_.size() <= slot + 1U) {
    const auto node = static_cast<std::uint32_t>(links_.size());
    links_.push_back({node, node});
  }
  LIBAGENT_EXPECTS(links_[slot + 1].newer == slot + 1);
  attach_newest(slot + 1);
}

void lru_policy::on_update(cache_slot slot, const cache_entry_facts&) {
  on_hit(slot);
}

void lru_policy::on_remove(cache_slot slot) {
  detach(slot + 1);
}

std::optional<cache_slot> lru_policy::evict() {
  const auto oldest = links_[0].newer;
  if (oldest == 0)
    return std::nullopt;
  detach(oldest);
  return oldest - 1;
}

void lru_policy::attach_newest(std::uint32_t node) {
  const auto newest = links_[0].older;
  links_[node] = {newest, 0};
  links_[newest].newer = node;
  links_[0].older = node;
}

void lru_policy::detach(std::uint32_t node) {
  LIBAGENT_EXPECTS(node < links_.size() && links_[node].newer != node);
  const auto [older, newer] = links_[node];
  links_[older].newer = newer;
  links_[newer].older = older;
  links_[node] = {node, node};
}

}  // namespace libagent
