#include "libagent/memory/pressure_gauge.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

constexpr double stall_left_at = 0.5;

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
    if (entry_cause(level, shares, thresholds) != pressure_cause::none)
      return level;
  }
  if (present == pressure_level::normal)
    return present;
  const auto& step = step_into(present, thresholds);
  const auto may_leave = shares.used < step.leave_used &&
                         shares.available >= step.leave_available &&
                         shares.stalled.some < step.enter_some * stall_left_at &&
                         shares.stalled.full < step.enter_full * stall_left_at;
  return may_leave ? level_below(present) : present;
}

pressure_cause entry_cause(pressure_level level, memory_shares shares,
                           const pressure_thresholds& thresholds) {
  LIBAGENT_EXPECTS(level != pressure_level::normal);
  const auto& step = step_into(level, thresholds);
  if (shares.used > step.enter_used)
    return pressure_cause::used;
  if (shares.available < step.enter_available)
    return pressure_cause::available;
  if (shares.stalled.some > step.enter_some || shares.stalled.full > step.enter_full)
    return pressure_cause::stall;
  return pressure_cause::none;
}

pressure_gauge::pressure_gauge(std::uint64_t budget_bytes, pressure_thresholds thresholds)
    : thresholds_{thresholds}, budget_bytes_{budget_bytes}, stalls_{thresholds.stall_period} {
  LIBAGENT_EXPECTS(budget_bytes > 0);
}

pressure_level pressure_gauge::update(const memory_reading& reading, time_point now,
                                      std::uint64_t promised_bytes) {
  LIBAGENT_EXPECTS(recent_.empty() || recent_.back().at <= now);
  const auto used = std::max(reading.resident_bytes, reading.group_bytes.value_or(0));
  const auto projected = project(used, promised_bytes, now);
  memory_shares shares;
  shares.used = static_cast<double>(projected) / static_cast<double>(budget_bytes_);
  if (reading.total_bytes > 0) {
    shares.available =
        static_cast<double>(reading.available_bytes) / static_cast<double>(reading.total_bytes);
  }
  shares.stalled = stalls_.update(reading, now);
  const auto wanted = next_level(level_, shares, thresholds_);
  if (wanted > level_) {
    rise(wanted, cause_of(wanted, shares, used), now);
  } else {
    settle(wanted, now);
  }
  return level_;
}

pressure_level pressure_gauge::note_allocation_failure(time_point now) {
  is_calm_ = false;
  if (level_ < pressure_level::critical) {
    level_ = pressure_level::critical;
    rose_at_ = now;
    has_risen_ = true;
  }
  cause_ = pressure_cause::allocation_failure;
  return level_;
}

// What is in use, plus what it grew since the least use within the projection period: as far as
// the promise, or by what the part beyond the promise grew.
std::uint64_t pressure_gauge::project(std::uint64_t used_bytes, std::uint64_t promised_bytes,
                                      time_point now) {
  while (!recent_.empty() && now - recent_.front().at > thresholds_.projection)
    recent_.pop_front();
  const auto surprise = used_bytes - std::min(used_bytes, promised_bytes);
  recent_.push_back({now, used_bytes, surprise});
  const auto least = std::ranges::min(recent_, {}, &sample::used_bytes).used_bytes;
  const auto calmest = std::ranges::min(recent_, {}, &sample::surprise_bytes).surprise_bytes;
  const auto trend = used_bytes + (used_bytes - least);
  const auto agreed = std::min(trend, std::max(used_bytes, promised_bytes));
  return agreed + (surprise - calmest);
}

// Use that is only expected is growth.
pressure_cause pressure_gauge::cause_of(pressure_level wanted, const memory_shares& shares,
                                        std::uint64_t used_bytes) const {
  const auto cause = entry_cause(wanted, shares, thresholds_);
  if (cause != pressure_cause::used)
    return cause;
  const auto present = static_cast<double>(used_bytes) / static_cast<double>(budget_bytes_);
  const auto is_here = present > step_into(wanted, thresholds_).enter_used;
  return is_here ? pressure_cause::used : pressure_cause::growth;
}

void pressure_gauge::rise(pressure_level wanted, pressure_cause cause, time_point now) {
  LIBAGENT_EXPECTS(wanted > level_);
  is_calm_ = false;
  const auto may_wait = level_ != pressure_level::critical;
  if (has_risen_ && may_wait && now - rose_at_ < thresholds_.rise_pause)
    return;
  level_ = level_above(level_);
  cause_ = cause;
  rose_at_ = now;
  has_risen_ = true;
}

void pressure_gauge::settle(pressure_level wanted, time_point now) {
  if (wanted == level_) {
    is_calm_ = false;
    return;
  }
  if (!is_calm_)
    calm_since_ = now;
  is_calm_ = true;
  if (now - calm_since_ < step_into(level_, thresholds_).leave_after)
    return;
  level_ = level_below(level_);
  calm_since_ = now;
  if (level_ == pressure_level::normal)
    cause_ = pressure_cause::none;
}

}  // namespace libagent
