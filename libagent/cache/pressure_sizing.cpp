#include "libagent/cache/pressure_sizing.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

// A pause of the process must not turn into one huge step.
constexpr duration sizing_step_max = std::chrono::seconds{1};

}  // namespace

pressure_sizing::pressure_sizing(std::uint64_t configured_bytes, pressure_sizing_limits limits)
    : limits_{limits}, configured_bytes_{configured_bytes}, capacity_bytes_{configured_bytes} {
  LIBAGENT_EXPECTS(limits_.floor_share >= 0 && limits_.floor_share <= 1);
  LIBAGENT_EXPECTS(limits_.shrink_per_second > 0 && limits_.grow_per_second > 0);
}

std::uint64_t pressure_sizing::set_level(pressure_level level, std::uint64_t charged_bytes,
                                         time_point now) {
  if (level == level_)
    return capacity_bytes_;
  level_ = level;
  level_since_ = now;
  advanced_to_ = now;
  if (level >= pressure_level::critical) {
    capacity_bytes_ = std::min(capacity_bytes_, floor_bytes());
  } else if (level >= pressure_level::elevated) {
    capacity_bytes_ = std::min(capacity_bytes_, std::max(charged_bytes, floor_bytes()));
  }
  return capacity_bytes_;
}

std::uint64_t pressure_sizing::advance(time_point now) {
  LIBAGENT_EXPECTS(advanced_to_ <= now);
  const auto elapsed = std::min(now - advanced_to_, sizing_step_max);
  advanced_to_ = now;
  const auto seconds = std::chrono::duration<double>{elapsed}.count();
  if (level_ == pressure_level::high) {
    const auto step = share_of_configured(limits_.shrink_per_second * seconds);
    const auto room = capacity_bytes_ - std::min(capacity_bytes_, floor_bytes());
    capacity_bytes_ -= std::min(step, room);
  } else if (level_ == pressure_level::normal && now - level_since_ >= limits_.calm_before_growth) {
    const auto step = share_of_configured(limits_.grow_per_second * seconds);
    capacity_bytes_ += std::min(step, configured_bytes_ - capacity_bytes_);
  }
  return capacity_bytes_;
}

std::uint64_t pressure_sizing::set_configured(std::uint64_t configured_bytes) {
  configured_bytes_ = configured_bytes;
  const auto is_normal = level_ == pressure_level::normal;
  capacity_bytes_ = is_normal ? configured_bytes : std::min(capacity_bytes_, configured_bytes);
  return capacity_bytes_;
}

std::uint64_t pressure_sizing::floor_bytes() const {
  return share_of_configured(limits_.floor_share);
}

std::uint64_t pressure_sizing::share_of_configured(double share) const {
  return static_cast<std::uint64_t>(static_cast<double>(configured_bytes_) * share);
}

}  // namespace libagent
