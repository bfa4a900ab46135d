#include "libagent/models/provider_lane.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;

/// The part of a queue that each level may fill, so that batch work never keeps people out.
constexpr std::array<double, criticality_levels> queue_shares{0.5, 0.7, 0.9, 1.0};

std::uint32_t usual_calls(const provider_settings& settings) {
  return settings.calls_max > 0 ? settings.calls_max : calls_default;
}

error lane_refusal(errc code, const std::string& provider, const std::string& why,
                   milliseconds wait) {
  return {code, "call " + provider + ": " + why, std::max(wait, milliseconds{1})};
}

/// That a provider is busy says nothing about whether it is up.
breaker_result result_for_breaker(const error* failure) {
  if (failure == nullptr)
    return breaker_result::ok;
  return failure->code == errc::rate_limited ? breaker_result::other
                                             : breaker_result_of(failure->code);
}

}  // namespace

provider_lane::provider_lane(provider_settings settings, std::uint64_t seed)
    : settings_{std::move(settings)},
      random_{seed},
      limit_{usual_calls(settings_)},
      breaker_{settings_.breaker, random_()} {}

std::optional<error> provider_lane::refusal(criticality level, time_point deadline,
                                            time_point now) const {
  if (const auto hold = breaker_.held_for(settings_.name, now))
    return lane_refusal(errc::unavailable, settings_.name, "it failed too often lately", *hold);
  if (held_until_ > now && deadline <= held_until_) {
    return lane_refusal(errc::rate_limited, settings_.name, "it asked for a pause",
                        std::chrono::ceil<milliseconds>(held_until_ - now));
  }
  const auto share = queue_shares.at(static_cast<std::size_t>(level));
  const auto places = static_cast<std::size_t>(std::ceil(share * settings_.queue_max));
  const bool starts_at_once = queue_.size() == 0 && has_room(now);
  if (queue_.size() >= places && !starts_at_once) {
    return lane_refusal(
        errc::overloaded, settings_.name,
        std::to_string(queue_.size()) + " calls wait already, at most " + std::to_string(places),
        expected_wait());
  }
  return std::nullopt;
}

milliseconds provider_lane::expected_wait() const {
  const auto rounds = static_cast<double>(queue_.size()) / static_cast<double>(limit_.current());
  const auto wait = std::clamp(rounds * mean_call_ms_, 100.0, 30'000.0);
  return milliseconds{static_cast<milliseconds::rep>(wait)};
}

std::optional<milliseconds> provider_lane::start(bool is_retry, time_point now) {
  if (auto hold = breaker_.admit(settings_.name, now))
    return hold;
  ++running_;
  ++counters_.calls;
  if (is_retry) {
    ++counters_.retries;
  } else {
    retries_.on_first_attempt(settings_.name);
  }
  return std::nullopt;
}

void provider_lane::on_end(const attempt_end& end, time_point began_at, time_point now) {
  LIBAGENT_EXPECTS(running_ > 0);
  --running_;
  counters_.tokens += end.usage;
  counters_.cost_micro += end.cost_micro;
  breaker_.on_result(settings_.name, result_for_breaker(end.failure), now);
  if (end.failure != nullptr)
    return learn_from_failure(*end.failure, began_at, now);
  limit_.on_success(now);
  constexpr double newest = 0.1;
  const auto took = std::chrono::duration<double, std::milli>{now - began_at}.count();
  mean_call_ms_ += (mean_call_ms_ == 0 ? 1.0 : newest) * (took - mean_call_ms_);
}

void provider_lane::learn_from_failure(const error& why, time_point began_at, time_point now) {
  ++counters_.failures;
  if (why.code != errc::rate_limited && why.code != errc::overloaded)
    return;
  if (why.retry_after) {
    held_until_ = std::max(held_until_, now + std::min<milliseconds>(*why.retry_after, hold_max));
  } else {
    limit_.on_overload(began_at, now);
  }
}

void provider_lane::write_off(time_point now) {
  const error silent{errc::deadline_exceeded, "call " + settings_.name + ": it never ended"};
  on_end({.failure = &silent}, now, now);
}

std::optional<time_point> provider_lane::retry_at(const error& why, std::uint32_t attempts,
                                                  time_point deadline, time_point now) {
  const auto& policy = settings_.retry;
  if (attempts >= policy.attempts_max || !may_pass(why.code, policy) ||
      why.retry_after.value_or(milliseconds{0}) > patience_max)
    return std::nullopt;
  auto wait = retry_delay(policy, attempts, why, random_());
  // A short pause of the breaker is sat out: whoever waits already would rather wait a bit more.
  const auto hold = breaker_.held_for(settings_.name, now).value_or(milliseconds{0});
  if (hold > policy.cap)
    return std::nullopt;
  wait = std::max(wait, hold);
  if (now + wait >= deadline || !retries_.try_retry(settings_.name))
    return std::nullopt;
  return now + wait;
}

std::optional<time_point> provider_lane::held_until(time_point now) const {
  return held_until_ > now ? std::optional{held_until_} : std::nullopt;
}

void provider_lane::set_slots(std::uint32_t slots) {
  if (settings_.calls_max == 0 && slots > 0)
    limit_.set_usual(slots);
}

}  // namespace libagent
