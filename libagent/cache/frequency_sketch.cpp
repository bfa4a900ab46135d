#include "libagent/cache/frequency_sketch.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t words_a_block = 8;
constexpr std::size_t counters_a_block = 128;
constexpr std::size_t rows_of_a_key = 4;
constexpr std::uint64_t counter_mask = 15;
constexpr std::size_t smallest_block_count = 2;
// Small enough that a slice of aging is not noticed, large enough that aging ends long before the
// next one is due.
constexpr std::size_t blocks_aged_at_once = 16;

// The low half of a key's hash also picks its place elsewhere (a sampled share, a shard), so the
// sketch mixes both halves once more.
std::uint64_t sketch_mix(std::uint64_t key_hash) {
  const auto z = (key_hash ^ (key_hash >> 32U)) * 0x9FB21C651E98DF25ULL;
  return z ^ (z >> 28U);
}

// Each row takes five bits: one for the word, four for the counter in it.
struct sketch_place {
  std::size_t word;
  std::uint32_t shift;
};

sketch_place place_of(std::uint64_t mixed, std::size_t row) {
  const auto bits = static_cast<std::uint32_t>(mixed >> (row * 5U)) & 31U;
  return {row * 2 + (bits & 1U), (bits >> 1U) * 4U};
}

std::uint64_t halved_counters(std::uint64_t word) {
  return (word >> 1U) & 0x7777777777777777ULL;
}

std::uint64_t larger_counters(std::uint64_t a, std::uint64_t b) {
  std::uint64_t larger = 0;
  for (auto mask = counter_mask; mask != 0; mask <<= 4U)
    larger |= std::max(a & mask, b & mask);
  return larger;
}

}  // namespace

frequency_sketch::frequency_sketch(const sketch_memory& memory) : memory_{memory} {
  LIBAGENT_EXPECTS(memory.records_an_entry > 0 && memory.counters_an_entry > 0);
  set_blocks(smallest_block_count);
}

void frequency_sketch::record(std::uint64_t key_hash) {
  const auto mixed = sketch_mix(key_hash);
  auto& words = blocks_[(mixed >> 32U) & (blocks_.size() - 1)].words;
  // Only the least counters go up (conservative update, Estan & Varghese 2002): the others are
  // already too high by what other keys added.
  std::array<std::uint64_t, rows_of_a_key> counts{};
  auto least = counter_mask;
  for (std::size_t row = 0; row < rows_of_a_key; ++row) {
    const auto [word, shift] = place_of(mixed, row);
    counts[row] = (words[word] >> shift) & counter_mask;
    least = std::min(least, counts[row]);
  }
  for (std::size_t row = 0; row < rows_of_a_key && least < counter_mask; ++row) {
    const auto [word, shift] = place_of(mixed, row);
    words[word] += std::uint64_t{counts[row] == least} << shift;
  }
  if (aging_cursor_ < blocks_.size())
    age_a_slice();
  const auto period = std::uint64_t{memory_.records_an_entry} * std::max<std::size_t>(entries_, 16);
  if (++records_ >= period) {
    records_ = period / 2;  // halved counters stand for half as many records
    aging_cursor_ = 0;
  }
}

std::uint32_t frequency_sketch::frequency(std::uint64_t key_hash) const {
  const auto mixed = sketch_mix(key_hash);
  const auto& words = blocks_[(mixed >> 32U) & (blocks_.size() - 1)].words;
  auto least = counter_mask;
  for (std::size_t row = 0; row < rows_of_a_key; ++row) {
    const auto [word, shift] = place_of(mixed, row);
    least = std::min(least, (words[word] >> shift) & counter_mask);
  }
  return static_cast<std::uint32_t>(least);
}

void frequency_sketch::age_a_slice() {
  const auto end = std::min(aging_cursor_ + blocks_aged_at_once, blocks_.size());
  for (; aging_cursor_ < end; ++aging_cursor_) {
    for (auto& word : blocks_[aging_cursor_].words)
      word = halved_counters(word);
  }
}

void frequency_sketch::rescale(std::size_t entries) {
  while (aging_cursor_ < blocks_.size())
    age_a_slice();
  // The upper bits of a block's number are the ones that are new in a larger sketch: a block is
  // copied to both of its places, and two that become one keep the larger counters.
  while (entries > grow_above_) {
    const auto count = blocks_.size();
    blocks_.reserve(count * 2);
    for (std::size_t i = 0; i < count; ++i)
      blocks_.push_back(blocks_[i]);
    set_blocks(count * 2);
  }
  while (entries < shrink_below_) {
    const auto count = blocks_.size() / 2;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t word = 0; word < words_a_block; ++word) {
        blocks_[i].words[word] =
            larger_counters(blocks_[i].words[word], blocks_[count + i].words[word]);
      }
    }
    set_blocks(count);
    blocks_.shrink_to_fit();
  }
}

void frequency_sketch::set_blocks(std::size_t count) {
  blocks_.resize(count);
  aging_cursor_ = count;
  // It grows early and shrinks late, so that it does not swing.
  const auto entries = count * counters_a_block / memory_.counters_an_entry;
  grow_above_ = entries * 3 / 2;
  shrink_below_ = count > smallest_block_count ? entries / 4 : 0;
}

}  // namespace libagent
