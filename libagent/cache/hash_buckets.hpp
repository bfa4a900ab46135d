#pragma once

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace libagent {

/// A hash table of small numbers, found by a hash that is stored elsewhere.
///
/// Buckets of half a cache line hold six numbers, each with a byte of its hash, all compared at
/// once. A bucket counts the entries that found it full and went on to the next, so that a miss
/// stops early and erasing leaves no grave (after F14, Bronson and Shi 2019). The caller says how
/// many buckets there are, and starts anew when there are too few. Thread safety: none.
class hash_buckets {
public:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  /// Six fit, but more than this on average cost a second look too often.
  static constexpr double good_load = 3.4;

  /// Empties the table.
  /// @pre `buckets` is positive.
  void reset(std::size_t buckets) { buckets_ = std::vector<bucket>(buckets); }

  /// The first number with this hash that `is_it` accepts, or `none`.
  template <class Predicate>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, const Predicate& is_it) const {
    auto at = home_of(hash);
    for (std::size_t probed = 0; probed < buckets_.size(); ++probed, at = after(at)) {
      const auto& here = buckets_[at];
      for (auto hits = here.places_with(tag_of(hash)); hits != 0; hits &= hits - 1) {
        const auto number = here.numbers[bucket::first(hits)];
        if (is_it(number))
          return number;
      }
      if (!here.passed())
        break;
    }
    return none;
  }

  /// @pre There is room: fewer than six numbers a bucket.
  void put(std::uint64_t hash, std::uint32_t number) {
    auto at = home_of(hash);
    auto empty = buckets_[at].places_with(0);
    while (empty == 0) {
      buckets_[at].count_passed(bucket::one_passed);
      at = after(at);
      empty = buckets_[at].places_with(0);
    }
    buckets_[at].put(empty, tag_of(hash), number);
  }

  /// @pre The number was put with this hash.
  void remove(std::uint64_t hash, std::uint32_t number) {
    auto at = home_of(hash);
    for (std::size_t probed = 0; !buckets_[at].remove(tag_of(hash), number); at = after(at)) {
      LIBAGENT_EXPECTS(buckets_[at].passed() && ++probed < buckets_.size());
      buckets_[at].count_passed(~bucket::one_passed + 1);
    }
  }

  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

  [[nodiscard]] std::size_t memory_bytes() const { return buckets_.capacity() * sizeof(bucket); }

private:
  // The lower six bytes of the head are the tags, where 0 is an empty place; the upper two count
  // who passed. A set of places is a word with bit 8 p + 7 set for place p.
  struct alignas(32) bucket {
    static constexpr std::uint64_t all_places = 0x0000808080808080U;
    static constexpr std::uint64_t one_passed = std::uint64_t{1} << 48U;
    static constexpr std::uint64_t passed_max = 0xFFFF;

    std::uint64_t head = 0;
    std::array<std::uint32_t, 6> numbers{};

    // The bytes equal to `tag`, all at once: a byte is zero when neither it nor the sum of its
    // low bits and 0x7F has the high bit.
    [[nodiscard]] std::uint64_t places_with(std::uint64_t tag) const {
      constexpr auto low_bits = ~all_places;
      const auto word = head ^ (tag * 0x0000010101010101U);
      return ~(((word & low_bits) + low_bits) | word | low_bits);
    }

    static std::size_t first(std::uint64_t places) {
      return static_cast<std::size_t>(std::countr_zero(places)) / 8;
    }

    [[nodiscard]] bool passed() const { return head >= one_passed; }

    // A count at its maximum no longer changes: look-ups then go on for nothing, at worst.
    void count_passed(std::uint64_t change) {
      if (head / one_passed != passed_max)
        head += change;
    }

    void put(std::uint64_t empty, std::uint64_t tag, std::uint32_t number) {
      const auto place = first(empty);
      numbers[place] = number;
      head |= tag << (place * 8);
    }

    bool remove(std::uint64_t tag, std::uint32_t number) {
      for (auto hits = places_with(tag); hits != 0; hits &= hits - 1) {
        const auto place = first(hits);
        if (numbers[place] == number) {
          head ^= tag << (place * 8);
          return true;
        }
      }
      return false;
    }
  };

  static std::uint64_t tag_of(std::uint64_t hash) {
    return std::max<std::uint64_t>(hash & 0xFFU, 1);
  }

  // The share of the upper half in the range of buckets, without a division (Lemire 2019).
  [[nodiscard]] std::size_t home_of(std::uint64_t hash) const {
    return static_cast<std::size_t>(((hash >> 32U) * buckets_.size()) >> 32U);
  }

  [[nodiscard]] std::size_t after(std::size_t at) const {
    return at + 1 == buckets_.size() ? 0 : at + 1;
  }

  std::vector<bucket> buckets_;
};

}  // namespace libagent
