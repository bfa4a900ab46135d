#pragma once

#include "libagent/base/time.hpp"
#include "libagent/memory/pressure.hpp"

#include <cstdint>

namespace libagent {

/// How fast a cache gives memory back and takes it again, in shares of its configured capacity.
struct pressure_sizing_limits {
  double floor_share = 0.05;                               ///< Never shrunk below this, in [0, 1].
  double shrink_per_second = 0.5;                          ///< At level high; 5 % every 100 ms.
  double grow_per_second = 0.02;                           ///< Back at level normal.
  duration calm_before_growth = std::chrono::seconds{10};  ///< Time at normal before it grows.
};

/// Says how large a cache may be under memory pressure.
///
/// normal: grows back to the configured capacity, slowly and not at once; elevated: keeps what it
/// holds but gets no larger; high: shrinks steadily; critical and emergency: to the floor at once.
/// A cache that starts to shrink starts from what it holds, not from its empty room.
/// Thread safety: none.
class pressure_sizing {
public:
  explicit pressure_sizing(std::uint64_t configured_bytes, pressure_sizing_limits limits = {});

  /// The level changed; `charged_bytes` is what the cache holds. Returns the new capacity.
  std::uint64_t set_level(pressure_level level, std::uint64_t charged_bytes, time_point now);

  /// Time passed. Returns the capacity from now on.
  /// @pre `now` is not earlier than in the previous call.
  std::uint64_t advance(time_point now);

  /// An operator wants another size. At normal it holds at once; under pressure it is an upper
  /// bound until the level falls.
  std::uint64_t set_configured(std::uint64_t configured_bytes);

  [[nodiscard]] pressure_level level() const { return level_; }

  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }

  [[nodiscard]] std::uint64_t floor_bytes() const;

private:
  [[nodiscard]] std::uint64_t share_of_configured(double share) const;

  pressure_sizing_limits limits_;
  std::uint64_t configured_bytes_;
  std::uint64_t capacity_bytes_;
  pressure_level level_ = pressure_level::normal;
  time_point level_since_;
  time_point advanced_to_;
};

}  // namespace libagent
