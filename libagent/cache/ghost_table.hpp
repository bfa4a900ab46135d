#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace libagent {

/// Remembers evicted entries by hash, from the oldest to the newest, each with a small payload.
///
/// It keeps half a hash: when n entries are remembered, a stranger is taken for one of them with
/// probability n / 2^32, which costs a wrong guess and no more. A ring of records with an index
/// into it: 14 to 17 bytes an entry for a payload of four. Every call is amortised O(1), and
/// memory follows the number of entries, down as well as up. The bound is the caller's business:
/// `pop_oldest` until it is met. Thread safety: none.
template <class Payload = std::uint32_t>
class ghost_table {
public:
  ghost_table() { rebuild(0); }

  /// Remembers an entry as the newest. One hash may be remembered several times.
  void push(std::uint64_t key_hash, const Payload& payload) {
    if (span_ == ring_.size())
      rebuild(size_);
    const auto position = ring_at(span_);
    ring_[position] = {tag_of(key_hash), payload};
    put(static_cast<std::uint32_t>(position));
    ++span_;
    ++size_;
  }

  [[nodiscard]] bool contains(std::uint64_t key_hash) const { return find(key_hash) != nullptr; }

  /// The payload of an entry, or null. Valid until the next call that changes the table.
  [[nodiscard]] const Payload* find(std::uint64_t key_hash) const {
    const auto place = place_of(key_hash);
    return places_[place] == none ? nullptr : &ring_[position_in(place)].payload;
  }

  /// Forgets an entry and returns its payload; empty when it is not remembered.
  std::optional<Payload> take(std::uint64_t key_hash) {
    const auto place = place_of(key_hash);
    if (places_[place] == none)
      return std::nullopt;
    return forget(place);
  }

  /// The payload of the oldest entry, or null. Valid until the next call that changes the table.
  [[nodiscard]] const Payload* oldest() const {
    return size_ == 0 ? nullptr : &ring_[begin_].payload;
  }

  /// Forgets the oldest entry and returns its payload; empty when there is none.
  std::optional<Payload> pop_oldest() {
    if (size_ == 0)
      return std::nullopt;
    auto place = home_of(ring_[begin_].tag);
    while (places_[place] == none || position_in(place) != begin_)
      place = after(place);
    return forget(place);
  }

  /// Calls `visit(payload)` for every entry from the oldest on; it may change the payload.
  template <class Visitor>
  void for_each(const Visitor& visit) {
    for (std::size_t i = 0; i < span_; ++i) {
      auto& found = ring_[ring_at(i)];
      if (found.tag != no_tag)
        visit(found.payload);
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::size_t memory_bytes() const {
    return ring_.capacity() * sizeof(record) + places_.capacity() * sizeof(std::uint32_t);
  }

private:
  struct record {
    std::uint32_t tag = no_tag;
    Payload payload{};
  };

  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t no_tag = 0;
  static constexpr std::size_t spare = 16;

  static std::uint32_t tag_of(std::uint64_t key_hash) {
    return std::max(static_cast<std::uint32_t>(key_hash >> 32U), no_tag + 1);
  }

  // The tag's share of the range, without a division (Lemire 2019).
  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const {
    return static_cast<std::size_t>((std::uint64_t{tag} * places_.size()) >> 32U);
  }

  [[nodiscard]] std::size_t after(std::size_t place) const {
    return place + 1 == places_.size() ? 0 : place + 1;
  }

  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + places_.size() - from;
  }

  [[nodiscard]] std::size_t ring_at(std::size_t offset) const {
    const auto position = begin_ + offset;
    return position < ring_.size() ? position : position - ring_.size();
  }

  [[nodiscard]] std::size_t position_in(std::size_t place) const {
    return places_[place] & position_mask_;
  }

  // The part of the tag that fits beside a position in the ring: most strangers differ in it.
  [[nodiscard]] std::uint32_t beside_position(std::uint32_t tag) const {
    return static_cast<std::uint32_t>(tag * (std::uint64_t{position_mask_} + 1));
  }

  // Where the entry is, or the empty place where the search for it ended.
  [[nodiscard]] std::size_t place_of(std::uint64_t key_hash) const {
    const auto tag = tag_of(key_hash);
    const auto wanted = beside_position(tag);
    for (auto place = home_of(tag);; place = after(place)) {
      const auto found = places_[place];
      if (found == none)
        return place;
      if ((found ^ wanted) <= position_mask_ && ring_[found & position_mask_].tag == tag)
        return place;
    }
  }

  void put(std::uint32_t position) {
    auto place = home_of(ring_[position].tag);
    while (places_[place] != none)
      place = after(place);
    places_[place] = beside_position(ring_[position].tag) | position;
  }

  Payload forget(std::size_t place) {
    auto& gone = ring_[position_in(place)];
    const auto payload = std::exchange(gone, {}).payload;
    clear_place(place);
    --size_;
    while (span_ > 0 && ring_[begin_].tag == no_tag) {
      begin_ = ring_at(1);
      --span_;
    }
    if (size_ * 4 + 4 * spare < ring_.size())
      rebuild(size_);
    return payload;
  }

  // What was pushed past the hole moves back, so that no search stops too early.
  void clear_place(std::size_t hole) {
    for (auto at = after(hole); places_[at] != none; at = after(at)) {
      const auto home = home_of(ring_[position_in(at)].tag);
      if (distance(home, at) >= distance(hole, at)) {
        places_[hole] = places_[at];
        hole = at;
      }
    }
    places_[hole] = none;
  }

  // Drops the gaps that `take` left, and leaves room for a quarter more.
  void rebuild(std::size_t entries) {
    std::vector<record> ring(entries + entries / 4 + spare);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < span_; ++i) {
      const auto& old = ring_[ring_at(i)];
      if (old.tag != no_tag)
        ring[kept++] = old;
    }
    ring_ = std::move(ring);
    begin_ = 0;
    span_ = kept;
    position_mask_ = static_cast<std::uint32_t>(std::bit_ceil(ring_.size() + 1) - 1);
    places_ = std::vector<std::uint32_t>(ring_.size() + ring_.size() / 3 + 1, none);
    for (std::size_t position = 0; position < kept; ++position)
      put(static_cast<std::uint32_t>(position));
  }

  std::vector<record> ring_;  // from begin_ on, span_ records, some of them forgotten since
  std::vector<std::uint32_t> places_;  // a position in the ring, above it a part of its tag
  std::uint32_t position_mask_ = 0;
  std::size_t begin_ = 0;
  std::size_t span_ = 0;
  std::size_t size_ = 0;
};

}  // namespace libagent
