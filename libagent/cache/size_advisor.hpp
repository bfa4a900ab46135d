#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/lru_policy.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace libagent {

struct size_advisor_options {
  /// One key in 2^this is followed, chosen by hash; at most 16.
  std::uint32_t sample_shift = 5;
  /// What happened so long ago counts half.
  duration half_life = std::chrono::minutes{5};
  /// What a hit is worth: 1, its bytes, or its cost.
  cache_objective objective = cache_objective::hits;
};

/// What another size of a cache would bring, in the worth of hits per second and MiB.
struct size_advice {
  double gain_per_mib = 0;  ///< Of each MiB up to a quarter more.
  double loss_per_mib = 0;  ///< Of each MiB down to a quarter less.
  /// Keys that were followed, those long ago counting less: below some hundreds the advice is
  /// mostly chance.
  double samples = 0;
};

/// Says what a megabyte more or less would bring a cache.
///
/// Three LRU caches without values, of 0.75, 1 and 1.25 times the capacity, run over the same
/// accesses; as in SHARDS (Waldspurger et al. 2015) they follow a sample of the keys, in a like
/// part of the capacity. Their differences count over a window that fades. LRU stands for whatever
/// policy is in use: what it would gain from more room is similar. A few per cent of the index of
/// the cache itself. Thread safety: none.
class size_advisor {
public:
  explicit size_advisor(std::uint64_t capacity_bytes, size_advisor_options options = {});

  /// An entry was found, or stored after it was not.
  /// @pre `now` never goes back from call to call.
  void access(const cache_entry_facts& facts, time_point now);

  /// The capacity changed. What is remembered stays, as far as it fits.
  void resize(std::uint64_t capacity_bytes);

  /// @pre As for `access`.
  [[nodiscard]] size_advice advice(time_point now);

  [[nodiscard]] std::size_t memory_bytes() const;

private:
  using ghost = basic_ghost_cache<lru_policy>;

  enum size : std::uint8_t { smaller, present, larger };

  // Counts fade with the half-life; so does the time, which they are divided by.
  void fade(time_point now);

  size_advisor_options options_;
  std::uint64_t capacity_bytes_;
  std::array<std::unique_ptr<ghost>, 3> ghosts_;
  std::array<double, 3> worth_{};
  double samples_ = 0;
  double seconds_ = 0;
  time_point faded_to_;
  bool has_begun_ = false;
};

}  // namespace libagent
