#pragma once

#include <cstdint>

namespace libagent {

/// A small seeded generator (SplitMix64, Steele et al. 2014): the same seed gives the same run.
///
/// Not for secrets. Thread safety: none. Satisfies `std::uniform_random_bit_generator`.
class seeded_random {
public:
  using result_type = std::uint64_t;

  explicit seeded_random(std::uint64_t seed) : state_{seed} {}

  static constexpr result_type min() { return 0; }

  static constexpr result_type max() { return ~result_type{0}; }

  result_type operator()() {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  /// Uniform in [0, 1).
  double unit() { return static_cast<double>((*this)() >> 11U) * 0x1.0p-53; }

private:
  std::uint64_t state_;
};

}  // namespace libagent
