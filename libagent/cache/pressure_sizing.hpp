#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/size_advisor.hpp"
#include "libagent/memory/pressure.hpp"

#include <chrono>
#include <cstdint>

namespace libagent {

/// Between which sizes a cache moves and how fast, in shares of its configured capacity.
struct cache_sizing_limits {
  double floor_share = 0.05;       ///< Never shrunk below this, in [0, 1] ...
  std::uint64_t floor_bytes = 0;   ///< ... nor below this, if it is configured larger.
  double ceiling_share = 1.0;      ///< How far it grows where more room is worth it; at least 1.
  double shrink_per_second = 0.5;  ///< At level high; 5 % every 100 ms.
  double grow_per_second = 0.02;   ///< Up at level normal, and down from above the configured size.
  duration calm_before_growth = std::chrono::seconds{30};  ///< Time at normal before it grows.
  /// Without pressure it goes on in one direction for so long before it turns.
  duration steady_for = std::chrono::seconds{30};
  /// It grows beyond the configured size only when this share of its capacity is in use, ...
  double full_share = 0.9;
  /// ... and anywhere only when each MiB more is worth so much a second, by default a hit in 100 s.
  /// It goes back to the configured size when each of the last is worth a quarter of that.
  double worth_per_mib = 0.01;
  double samples_min = 200;  ///< Advice from fewer is no advice.
};

/// How a cache fares in its present size.
struct cache_fill_level {
  std::uint64_t charged_bytes = 0;
  size_advice advice;
};

/// Says how large a cache may be, by memory pressure and by what more room would bring.
///
/// normal: grows back to the configured capacity unless that is known to bring nothing, and on to
/// the ceiling where that is worth it, slowly and not at once; elevated: keeps what it holds but
/// gets no larger; high: shrinks steadily; critical and emergency: to the floor at once. A cache
/// that starts to shrink starts from what it holds, not from its empty room. But for pressure it
/// never turns within `steady_for`. Thread safety: none.
class pressure_sizing {
public:
  /// @pre The shares are in their ranges, the speeds positive.
  explicit pressure_sizing(std::uint64_t configured_bytes, cache_sizing_limits limits = {});

  /// The level changed; `charged_bytes` is what the cache holds. Returns the new capacity.
  std::uint64_t set_level(pressure_level level, std::uint64_t charged_bytes, time_point now);

  /// Time passed. Returns the capacity from now on.
  /// @pre `now` is not earlier than in the previous call.
  std::uint64_t advance(time_point now, const cache_fill_level& filled);

  /// An operator wants another size. At normal it holds at once; under pressure it is an upper
  /// bound until the level falls.
  std::uint64_t set_configured(std::uint64_t configured_bytes);

  [[nodiscard]] pressure_level level() const { return level_; }

  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }

  [[nodiscard]] std::uint64_t floor_bytes() const;
  [[nodiscard]] std::uint64_t ceiling_bytes() const;

private:
  enum class direction : std::uint8_t { none, up, down };

  [[nodiscard]] std::uint64_t share_of_configured(double share) const;
  [[nodiscard]] direction wanted(const cache_fill_level& filled) const;
  [[nodiscard]] bool may_go(direction where, time_point now) const;
  void move_to(std::uint64_t capacity_bytes, time_point now);

  cache_sizing_limits limits_;
  std::uint64_t configured_bytes_;
  std::uint64_t capacity_bytes_;
  pressure_level level_ = pressure_level::normal;
  time_point level_since_;
  time_point advanced_to_;
  direction last_direction_ = direction::none;
  time_point last_move_;
};

}  // namespace libagent
