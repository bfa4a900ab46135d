#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/cache/entry_index.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent {

/// Doubly linked lists of slots, threaded through one array; a slot is in one of them at most.
///
/// 8 bytes a slot, no allocation but for growth, every call O(1). Each list runs from its oldest
/// to its newest member. Thread safety: none.
template <std::uint32_t Lists>
class slot_lists {
public:
  static constexpr cache_slot none = entry_index::none;

  slot_lists() {
    for (std::uint32_t list = 0; list < Lists; ++list)
      links_.push_back({list, list});
  }

  /// @pre `slot` is in no list.
  void push_newest(std::uint32_t list, cache_slot slot) {
    const auto node = grow_to(slot);
    LIBAGENT_EXPECTS(links_[node].newer == node);
    const auto newest = links_[list].older;
    links_[node] = {newest, list};
    links_[newest].newer = node;
    links_[list].older = node;
  }

  /// @pre `slot` is in no list.
  void push_oldest(std::uint32_t list, cache_slot slot) {
    const auto node = grow_to(slot);
    LIBAGENT_EXPECTS(links_[node].newer == node);
    const auto oldest = links_[list].newer;
    links_[node] = {list, oldest};
    links_[oldest].older = node;
    links_[list].newer = node;
  }

  /// @pre `slot` is in a list.
  void remove(cache_slot slot) {
    const auto node = slot + Lists;
    LIBAGENT_EXPECTS(contains(slot));
    const auto [older, newer] = links_[node];
    links_[older].newer = newer;
    links_[newer].older = older;
    links_[node] = {node, node};
  }

  void move_to_newest(std::uint32_t list, cache_slot slot) {
    remove(slot);
    push_newest(list, slot);
  }

  [[nodiscard]] bool contains(cache_slot slot) const {
    const std::size_t node = std::size_t{slot} + Lists;
    return node < links_.size() && links_[node].newer != node;
  }

  /// The ends of a list, or `none` when it is empty.
  [[nodiscard]] cache_slot oldest(std::uint32_t list) const { return slot_of(links_[list].newer); }

  [[nodiscard]] cache_slot newest(std::uint32_t list) const { return slot_of(links_[list].older); }

  /// The neighbours of a member, or `none` at the end of its list.
  [[nodiscard]] cache_slot newer(cache_slot slot) const {
    return slot_of(links_[slot + Lists].newer);
  }

  [[nodiscard]] cache_slot older(cache_slot slot) const {
    return slot_of(links_[slot + Lists].older);
  }

  [[nodiscard]] std::size_t memory_bytes() const { return links_.capacity() * sizeof(link); }

private:
  struct link {
    std::uint32_t older = 0;
    std::uint32_t newer = 0;
  };

  static cache_slot slot_of(std::uint32_t node) { return node < Lists ? none : node - Lists; }

  std::uint32_t grow_to(cache_slot slot) {
    while (links_.size() <= std::size_t{slot} + Lists) {
      const auto node = static_cast<std::uint32_t>(links_.size());
      links_.push_back({node, node});
    }
    return slot + Lists;
  }

  // The first nodes are the lists' heads: `newer` is the oldest member, `older` the newest. A
  // slot's node that links to itself is in no list.
  std::vector<link> links_;
};

}  // namespace libagent
