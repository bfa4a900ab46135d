#pragma once

#include "libagent/cache/hash_buckets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace libagent {

/// Remembers evicted entries by hash, from the oldest to the newest, each with a small payload.
///
/// It keeps half a hash: when n entries are remembered, a stranger is taken for one of them with
/// probability n / 2^32, which costs a wrong guess and no more. A ring of records with an index
/// into it: 15 to 17 bytes an entry for a payload of four. Every call is amortised O(1), and
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
    const auto tag = tag_of(key_hash);
    ring_[position] = {tag, payload};
    positions_.put(spread(tag), static_cast<std::uint32_t>(position));
    ++span_;
    ++size_;
  }

  [[nodiscard]] bool contains(std::uint64_t key_hash) const { return find(key_hash) != nullptr; }

  /// The payload of an entry, or null. Valid until the next call that changes the table.
  [[nodiscard]] const Payload* find(std::uint64_t key_hash) const {
    const auto position = position_of(tag_of(key_hash));
    return position == hash_buckets::none ? nullptr : &ring_[position].payload;
  }

  /// Forgets an entry and returns its payload; empty when it is not remembered.
  std::optional<Payload> take(std::uint64_t key_hash) {
    const auto position = position_of(tag_of(key_hash));
    if (position == hash_buckets::none)
      return std::nullopt;
    return forget(position);
  }

  /// The payload of the oldest entry, or null. Valid until the next call that changes the table.
  [[nodiscard]] const Payload* oldest() const {
    return size_ == 0 ? nullptr : &ring_[begin_].payload;
  }

  /// Forgets the oldest entry and returns its payload; empty when there is none.
  std::optional<Payload> pop_oldest() {
    if (size_ == 0)
      return std::nullopt;
    return forget(static_cast<std::uint32_t>(begin_));
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
    return ring_.capacity() * sizeof(record) + positions_.memory_bytes();
  }

private:
  struct record {
    std::uint32_t tag = no_tag;
    Payload payload{};
  };

  static constexpr std::uint32_t no_tag = 0;
  static constexpr std::size_t spare = 16;
  static constexpr double load = 4.5;  // rather small than fast

  static std::uint32_t tag_of(std::uint64_t key_hash) {
    return std::max(static_cast<std::uint32_t>(key_hash >> 32U), no_tag + 1);
  }

  // The whole hash is gone; half of it serves as both halves.
  static std::uint64_t spread(std::uint32_t tag) { return std::uint64_t{tag} << 32U | tag; }

  [[nodiscard]] std::size_t ring_at(std::size_t offset) const {
    const auto position = begin_ + offset;
    return position < ring_.size() ? position : position - ring_.size();
  }

  [[nodiscard]] std::uint32_t position_of(std::uint32_t tag) const {
    return positions_.find(spread(tag),
                           [&](std::uint32_t position) { return ring_[position].tag == tag; });
  }

  Payload forget(std::uint32_t position) {
    const auto gone = std::exchange(ring_[position], {});
    positions_.remove(spread(gone.tag), position);
    --size_;
    while (span_ > 0 && ring_[begin_].tag == no_tag) {
      begin_ = ring_at(1);
      --span_;
    }
    if (size_ * 4 + 4 * spare < ring_.size())
      rebuild(size_);
    return gone.payload;
  }

  // Drops the gaps that `take` left, and leaves room for an eighth more.
  void rebuild(std::size_t entries) {
    std::vector<record> ring(entries + entries / 8 + spare);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < span_; ++i) {
      const auto& old = ring_[ring_at(i)];
      if (old.tag != no_tag)
        ring[kept++] = old;
    }
    ring_ = std::move(ring);
    begin_ = 0;
    span_ = kept;
    positions_.reset(static_cast<std::size_t>(static_cast<double>(ring_.size()) / load) + 1);
    for (std::size_t position = 0; position < kept; ++position)
      positions_.put(spread(ring_[position].tag), static_cast<std::uint32_t>(position));
  }

  std::vector<record> ring_;  // from begin_ on, span_ records, some of them forgotten since
  hash_buckets positions_;
  std::size_t begin_ = 0;
  std::size_t span_ = 0;
  std::size_t size_ = 0;
};

}  // namespace libagent
