#include "libagent/memory/pressure_gauge.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

// The step that leads into `level`, which is not normal.
const pressure_step& step_into(pressure_level level, const pressure_thresholds& thresholds) {
  return thresholds.steps.at(static_cast<std::size_t>(level) - 1);
}

pressure_level level_above(pressure_level level) {
  return static_cast<pressure_level>(static_cast<std::uint8_t>(level) + 1);
}

pressure_level level_below(pressure_level level) {
  return static_cast<pressure_level>(static_cast<std::uint8_t>(level) - 1);
}

}  // namespace

pressure_level next_level(pressure_level present, memory_shares shares,
                          const pressure_thresholds& thresholds) {
  for (auto level = pressure_level::emergency; level > present; level = level_below(level)) {
    const auto& step = step_into(level, thresholds);
    if (shares.used > step.enter_used || shares.available < step.enter_available)
      return level;
  }
  if (present == pressure_level::normal)
    return present;
  const auto& step = step_into(present, thresholds);
  const auto may_leave = shares.used < step.leave_used && shares.available >= step.leave_available;
  return may_leave ? level_below(present) : present;
}

pressure_gauge::pressure_gauge(std::uint64_t budget_bytes, pressure_thresholds thresholds)
    : thresholds_{thresholds}, budget_bytes_{budget_bytes} {
  LIBAGENT_EXPECTS(budget_bytes > 0);
}

pressure_level pressure_gauge::update(const memory_reading& reading, time_point now) {
  LIBAGENT_EXPECTS(recent_.empty() || recent_.back().at <= now);
  const auto used = std::max(reading.resident_bytes, reading.group_bytes.value_or(0));
  const auto projected = project(used, now);
  memory_shares shares;
  shares.used = static_cast<double>(projected) / static_cast<double>(budget_bytes_);
  if (reading.total_bytes > 0) {
    shares.available =
        static_cast<double>(reading.available_bytes) / static_cast<double>(reading.total_bytes);
  }
  move_towards(next_level(level_, shares, thresholds_), now);
  return level_;
}

// What is in use, plus what it grew since the least use within the projection period.
std::uint64_t pressure_gauge::project(std::uint64_t used_bytes, time_point now) {
  while (!recent_.empty() && now - recent_.front().at > thresholds_.projection)
    recent_.pop_front();
  recent_.push_back({now, used_bytes});
  const auto least = std::ranges::min(recent_, {}, &sample::used_bytes).used_bytes;
  return used_bytes + (used_bytes - least);
}

void pressure_gauge::move_towards(pressure_level wanted, time_point now) {
  if (wanted > level_) {
    is_calm_ = false;
    const auto may_wait = level_ != pressure_level::critical;
    if (has_risen_ && may_wait && now - rose_at_ < thresholds_.rise_pause)
      return;
    level_ = level_above(level_);
    rose_at_ = now;
    has_risen_ = true;
  } else if (wanted < level_) {
    if (!is_calm_)
      calm_since_ = now;
    is_calm_ = true;
    if (now - calm_since_ < step_into(level_, thresholds_).leave_after)
      return;
    level_ = level_below(level_);
    calm_since_ = now;
  } else {
    is_calm_ = false;
  }
}

}  // namespace libagent
