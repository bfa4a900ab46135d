#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent {

/// How long a sketch remembers, and how many keys it can tell apart.
struct sketch_memory {
  std::uint32_t records_an_entry = 10;   ///< Between two halvings of all counters.
  std::uint32_t counters_an_entry = 16;  ///< At least two thirds, at most four thirds of it.
};

/// TinyLFU's choice: quick to follow a change. 5 to 11 bytes an entry.
inline constexpr sketch_memory short_sketch_memory{};
/// What a priority by size and cost gains most from. 22 to 43 bytes an entry.
inline constexpr sketch_memory long_sketch_memory{.records_an_entry = 64, .counters_an_entry = 64};

/// Estimates how often a key was used lately, also one that is no longer resident.
///
/// A count-min sketch of 4-bit counters (Einziger, Friedman, Manes: TinyLFU, ACM ToS 2017): an
/// estimate is never too low but by aging, and at most 15. The four counters of a key are in one
/// cache line. Counters are halved now and then, a slice at a time, so that no call stalls. Hashes
/// must be keyed where keys come from outside, else a stranger can choose keys that collide. Thread
/// safety: none.
class frequency_sketch {
public:
  explicit frequency_sketch(const sketch_memory& memory);

  /// Counts one use of the key.
  void record(std::uint64_t key_hash);

  /// Uses of the key that are remembered, from 0 to 15.
  [[nodiscard]] std::uint32_t frequency(std::uint64_t key_hash) const;

  /// Prepares for this many resident entries; what was counted so far stays. Cheap when nothing
  /// is to change, so it may be called on every insertion.
  void fit(std::size_t entries) {
    entries_ = entries;
    if (entries > grow_above_ || entries < shrink_below_)
      rescale(entries);
  }

  [[nodiscard]] std::size_t memory_bytes() const { return blocks_.capacity() * sizeof(block); }

private:
  // One cache line: 8 words of 16 counters; row i of a key is a counter in word 2i or 2i + 1.
  struct alignas(64) block {
    std::array<std::uint64_t, 8> words{};
  };

  void rescale(std::size_t entries);
  void set_blocks(std::size_t count);
  void age_a_slice();

  std::vector<block> blocks_;     // a power of two of them
  std::size_t aging_cursor_ = 0;  // blocks below it are halved; the count of blocks when at rest
  std::size_t entries_ = 0;       // the period follows it
  std::size_t grow_above_ = 0;
  std::size_t shrink_below_ = 0;
  std::uint64_t records_ = 0;  // since the last aging
  sketch_memory memory_;
};

}  // namespace libagent
