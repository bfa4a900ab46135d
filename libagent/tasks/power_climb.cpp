#include "libagent/tasks/power_climb.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <cmath>

namespace libagent {

namespace {

using seconds_d = std::chrono::duration<double>;

/// Power stays the same when the logarithm of goodput grows by this share of the limit's.
constexpr double even_slope = 0.5;
constexpr double search_factor = 1.5;
constexpr std::uint32_t strikes_max = 2;
/// The middle moves by this share of the slope's surplus, and never by more than `move_max`.
constexpr double gain = 0.2;
constexpr double move_max = 0.3;
/// Weight of the latest difference in the estimate of their variance, and what that starts from.
constexpr double noise_weight = 0.2;
constexpr double first_noise = 0.1;
/// A change of the backend makes one huge difference. Differences above this many standard
/// deviations count as that many, so that it is not taken for noise.
constexpr double outlier = 2;
constexpr double least_deviation = 0.05;
/// In doubt upwards by this share of the standard deviation, but by no more than a slope of
/// `optimism_max`: where goodput falls with a higher limit, no noise makes it climb.
constexpr double optimism = 0.5;
constexpr double optimism_max = 0.7;
/// An epoch counts when the limit was reached in this share of its time.
constexpr double full_share = 0.5;

}  // namespace

power_climb::power_climb(climb_options options)
    : options_{options},
      limit_{std::clamp(options.initial, options.floor, std::max(options.floor, options.ceiling))},
      middle_{std::log(static_cast<double>(limit_))},
      noise_{first_noise} {
  LIBAGENT_EXPECTS(options.floor >= 1 && options.floor <= options.ceiling);
  LIBAGENT_EXPECTS(options.probe > 0 && options.epoch_ends >= 1);
}

void power_climb::on_start(time_point now) {
  if (in_flight_ == 0 && epoch_.ends == 0)
    begin_epoch(now, is_settling_);
  advance(now);
  ++in_flight_;
}

void power_climb::on_end(duration took, bool useful, time_point now) {
  LIBAGENT_EXPECTS(in_flight_ > 0);
  advance(now);
  --in_flight_;
  ++epoch_.ends;
  epoch_.useful += useful ? 1U : 0U;
  epoch_.took += took;
  const auto length = seconds_d{now - epoch_.begin}.count();
  if (!is_over(length))
    return;
  const auto was_settling = is_settling_;
  if (!was_settling)
    judge(length);
  begin_epoch(now, !was_settling);
}

void power_climb::set_frozen(bool frozen) {
  is_frozen_ = frozen;
}

climb_status power_climb::status() const {
  auto shown = last_;
  shown.limit = limit_;
  shown.floor = options_.floor;
  shown.ceiling = options_.ceiling;
  shown.in_flight = in_flight_;
  shown.frozen = is_frozen_ || !is_held_back_;
  return shown;
}

void power_climb::advance(time_point now) {
  const auto passed = seconds_d{now - seen_until_}.count();
  epoch_.in_flight_seconds += passed * in_flight_;
  epoch_.full_seconds += in_flight_ >= limit_ ? passed : 0;
  seen_until_ = now;
}

void power_climb::begin_epoch(time_point now, bool settling) {
  epoch_ = {.begin = now};
  seen_until_ = now;
  is_settling_ = settling;
}

/// One latency has passed when as many ended as were under way on average: Little's law.
bool power_climb::is_over(double seconds) const {
  const auto at_a_time = seconds > 0 ? epoch_.in_flight_seconds / seconds : 0;
  return epoch_.ends >= at_a_time && (is_settling_ || epoch_.ends >= options_.epoch_ends);
}

void power_climb::judge(double seconds) {
  is_held_back_ = epoch_.full_seconds >= full_share * seconds;
  if (seconds <= 0)
    return;
  const auto goodput = epoch_.useful / seconds;
  last_.goodput = goodput;
  last_.latency = epoch_.took / epoch_.ends;
  last_.power = epoch_.in_flight_seconds > 0 ? goodput * epoch_.ends / epoch_.in_flight_seconds : 0;
  if (options_.floor == options_.ceiling)
    return;
  if (is_frozen_ || !is_held_back_)
    return forget_baseline();
  ++last_.epochs;
  // Half an end stands for none, of which there is no logarithm.
  const auto log_goodput = std::log(std::max(0.5, static_cast<double>(epoch_.useful)) / seconds);
  const auto before = before_;
  before_ = {.limit = limit_, .log_goodput = log_goodput};
  const auto is_comparable = before.limit != 0 && before.limit != limit_;
  const auto log_step = is_comparable ? std::log(static_cast<double>(limit_) / before.limit) : 0;
  const auto surplus = is_comparable ? log_goodput - before.log_goodput - even_slope * log_step : 0;
  if (is_searching_) {
    search(log_step, surplus);
  } else {
    track(log_step, surplus);
  }
}

/// What is between two epochs that can be compared may have changed everything. A step of the
/// search that was not judged is taken back, or it would climb on no evidence.
void power_climb::forget_baseline() {
  if (is_searching_ && before_.limit != 0)
    limit_ = before_.limit;
  before_ = {};
}

void power_climb::search(double log_step, double surplus) {
  if (surplus >= 0) {
    strikes_ = 0;
  } else if (++strikes_ == 1) {
    set_middle(std::log(static_cast<double>(limit_)) - log_step / 2);
  }
  const auto wider = std::max<double>(limit_ + 1.0, std::round(limit_ * search_factor));
  const auto next = static_cast<std::uint32_t>(std::min<double>(wider, options_.ceiling));
  is_searching_ = strikes_ < strikes_max && next != limit_;
  if (is_searching_) {
    limit_ = next;
    return;
  }
  if (strikes_ == 0)
    set_middle(std::log(static_cast<double>(limit_)));
  probe_next();
}

void power_climb::track(double log_step, double surplus) {
  if (log_step != 0) {
    const auto bound = outlier * std::max(std::sqrt(noise_), least_deviation);
    const auto seen = std::clamp(surplus, -bound, bound);
    noise_ += noise_weight * (seen * seen - noise_);
    const auto square = log_step * log_step;
    const auto doubt =
        std::min(optimism * std::abs(log_step) * std::sqrt(noise_), optimism_max * square);
    // The gain of a normalised least mean squares filter: small where noise is large.
    const auto slope = (log_step * seen + doubt) / (square + noise_);
    set_middle(middle_ + std::clamp(gain * slope, -move_max, move_max));
  }
  probe_next();
}

void power_climb::set_middle(double log_limit) {
  middle_ = std::clamp(log_limit, std::log(static_cast<double>(options_.floor)),
                       std::log(static_cast<double>(options_.ceiling)));
}

/// The other side of the middle. The two sides differ, also at the floor and at the ceiling.
void power_climb::probe_next() {
  const double lowest = options_.floor;
  const double highest = options_.ceiling;
  const auto middle = std::exp(middle_);
  const auto apart = std::min(std::max(1.0, std::round(middle * options_.probe)), highest - lowest);
  const auto low = std::clamp(std::round(middle - apart / 2), lowest, highest - apart);
  is_high_ = !is_high_;
  limit_ = static_cast<std::uint32_t>(is_high_ ? low + apart : low);
}

}  // namespace libagent
