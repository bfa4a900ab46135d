#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/cache/cache_slot.hpp"
#include "libagent/cache/slot_array.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace libagent {

/// Doubly linked lists of slots, threaded through one array; a slot is in one of them at most.
///
/// 8 to 9 bytes a slot, no allocation but for growth, every call O(1). Each list runs from its
/// oldest to its newest member. Thread safety: none.
template <std::uint32_t Lists>
class slot_lists {
public:
  static constexpr cache_slot none = no_slot;

  slot_lists() {
    for (std::uint32_t list = 0; list < Lists; ++list)
      links_.grow_to(list) = {list, list};
  }

  /// @pre `slot` is in no list.
  void push_newest(std::uint32_t list, cache_slot slot) {
    const auto node = grow_to(slot);
    LIBAGENT_EXPECTS(links_[node].newer == apart);
    insert_newest(list, node);
  }

  /// @pre `slot` is in no list.
  void push_oldest(std::uint32_t list, cache_slot slot) {
    const auto node = grow_to(slot);
    LIBAGENT_EXPECTS(links_[node].newer == apart);
    const auto oldest = links_[list].newer;
    links_[node] = {list, oldest};
    links_[oldest].older = node;
    links_[list].newer = node;
  }

  /// @pre `slot` is in a list.
  void remove(cache_slot slot) {
    LIBAGENT_EXPECTS(contains(slot));
    const auto node = slot + Lists;
    unlink(node);
    links_[node] = {};
  }

  /// @pre `slot` is in a list, be it this or another.
  void move_to_newest(std::uint32_t list, cache_slot slot) {
    LIBAGENT_EXPECTS(contains(slot));
    const auto node = slot + Lists;
    unlink(node);
    insert_newest(list, node);
  }

  [[nodiscard]] bool contains(cache_slot slot) const {
    const std::size_t node = std::size_t{slot} + Lists;
    return node < links_.size() && links_[static_cast<cache_slot>(node)].newer != apart;
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

  [[nodiscard]] std::size_t memory_bytes() const { return links_.memory_bytes(); }

private:
  static constexpr std::uint32_t apart = no_slot;

  struct link {
    std::uint32_t older = apart;
    std::uint32_t newer = apart;
  };

  static cache_slot slot_of(std::uint32_t node) { return node < Lists ? none : node - Lists; }

  std::uint32_t grow_to(cache_slot slot) {
    LIBAGENT_EXPECTS(slot < none - Lists);
    links_.grow_to(slot + Lists);
    return slot + Lists;
  }

  void insert_newest(std::uint32_t list, std::uint32_t node) {
    const auto newest = links_[list].older;
    links_[node] = {newest, list};
    links_[newest].newer = node;
    links_[list].older = node;
  }

  void unlink(std::uint32_t node) {
    const auto [older, newer] = links_[node];
    links_[older].newer = newer;
    links_[newer].older = older;
  }

  // The first nodes are the lists' heads: `newer` is the oldest member, `older` the newest. The
  // links of a slot in no list are `apart`.
  slot_array<link> links_;
};

}  // namespace libagent
