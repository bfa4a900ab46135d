#include "libagent/cache/pressure_sizing.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

// A pause of the process must not turn into one huge step.
constexpr duration sizing_step_max = std::chrono::seconds{1};

// Growing and giving back at the same worth would follow chance up and down.
constexpr double give_back_below = 0.25;

}  // namespace

pressure_sizing::pressure_sizing(std::uint64_t configured_bytes, cache_sizing_limits limits)
    : limits_{limits}, configured_bytes_{configured_bytes}, capacity_bytes_{configured_bytes} {
  LIBAGENT_EXPECTS(limits_.floor_share >= 0 && limits_.floor_share <= 1);
  LIBAGENT_EXPECTS(limits_.ceiling_share >= 1);
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
    move_to(std::min(capacity_bytes_, floor_bytes()), now);
  } else if (level >= pressure_level::elevated) {
    move_to(std::min(capacity_bytes_, std::max(charged_bytes, floor_bytes())), now);
  }
  return capacity_bytes_;
}

std::uint64_t pressure_sizing::advance(time_point now, const cache_fill_level& filled) {
  LIBAGENT_EXPECTS(advanced_to_ <= now);
  const auto elapsed = std::min(now - advanced_to_, sizing_step_max);
  advanced_to_ = now;
  const auto seconds = std::chrono::duration<double>{elapsed}.count();
  if (level_ == pressure_level::high) {
    const auto step = share_of_configured(limits_.shrink_per_second * seconds);
    const auto room = capacity_bytes_ - std::min(capacity_bytes_, floor_bytes());
    move_to(capacity_bytes_ - std::min(step, room), now);
    return capacity_bytes_;
  }
  const auto where = wanted(filled);
  if (level_ != pressure_level::normal || !may_go(where, now))
    return capacity_bytes_;
  const auto step = share_of_configured(limits_.grow_per_second * seconds);
  if (where == direction::up) {
    const auto end = capacity_bytes_ < configured_bytes_ ? configured_bytes_ : ceiling_bytes();
    move_to(std::min(capacity_bytes_ + step, end), now);
  } else {
    move_to(std::max(capacity_bytes_ - std::min(step, capacity_bytes_), configured_bytes_), now);
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
  const auto share = share_of_configured(limits_.floor_share);
  return std::min(std::max(share, limits_.floor_bytes), configured_bytes_);
}

std::uint64_t pressure_sizing::ceiling_bytes() const {
  return share_of_configured(limits_.ceiling_share);
}

std::uint64_t pressure_sizing::share_of_configured(double share) const {
  return static_cast<std::uint64_t>(static_cast<double>(configured_bytes_) * share);
}

// Below the configured size the operator's word stands against advice that is missing, also when
// the cache is not full: what it was asked to keep may have been too large for it. Above that size
// more room has to prove its worth.
pressure_sizing::direction pressure_sizing::wanted(const cache_fill_level& filled) const {
  const auto& advice = filled.advice;
  const bool is_known = advice.samples >= limits_.samples_min;
  const bool is_full = static_cast<double>(filled.charged_bytes) >=
                       limits_.full_share * static_cast<double>(capacity_bytes_);
  const bool is_worth_it = advice.gain_per_mib >= limits_.worth_per_mib;
  if (capacity_bytes_ < configured_bytes_)
    return is_worth_it || !is_known ? direction::up : direction::none;
  if (is_full && is_known && is_worth_it && capacity_bytes_ < ceiling_bytes())
    return direction::up;
  const bool is_wasted = advice.loss_per_mib < limits_.worth_per_mib * give_back_below;
  return capacity_bytes_ > configured_bytes_ && is_wasted ? direction::down : direction::none;
}

bool pressure_sizing::may_go(direction where, time_point now) const {
  if (where == direction::none)
    return false;
  if (where == direction::up && now - level_since_ < limits_.calm_before_growth)
    return false;
  const bool turns = last_direction_ != direction::none && last_direction_ != where;
  return !turns || now - last_move_ >= limits_.steady_for;
}

void pressure_sizing::move_to(std::uint64_t capacity_bytes, time_point now) {
  if (capacity_bytes == capacity_bytes_)
    return;
  last_direction_ = capacity_bytes > capacity_bytes_ ? direction::up : direction::down;
  last_move_ = now;
  capacity_bytes_ = capacity_bytes;
}

}  // namespace libagent
