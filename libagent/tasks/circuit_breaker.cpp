#include "libagent/tasks/circuit_breaker.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <bit>

namespace libagent {

namespace {

constexpr std::uint32_t window_max = 64;  // bits of a word

std::uint64_t newest(std::uint32_t count) {
  return count >= window_max ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace

breaker_result breaker_result_of(errc outcome) {
  switch (outcome) {
    case errc::unavailable:
    case errc::deadline_exceeded:
    case errc::overloaded:
    case errc::rate_limited:
    case errc::crashed: return breaker_result::failed;
    case errc::cancelled:
    case errc::io_failed:
    case errc::internal: return breaker_result::other;
    default: return breaker_result::ok;
  }
}

circuit_breaker::circuit_breaker(const breaker_limits& limits, std::uint64_t seed)
    : limits_{limits}, random_{seed} {
  LIBAGENT_EXPECTS(limits.failures_in_a_row > 0);
  LIBAGENT_EXPECTS(limits.window > 0 && limits.window <= window_max);
  LIBAGENT_EXPECTS(limits.pause.count() > 0 && limits.pause_max >= limits.pause);
  LIBAGENT_EXPECTS(limits.probe_limit.count() > 0 && limits.names_max > 0);
}

std::optional<std::chrono::milliseconds> circuit_breaker::admit(std::string_view name,
                                                                time_point now) {
  const auto found = circuits_.find(name);
  if (found == circuits_.end())
    return std::nullopt;
  auto& known = found->second;
  by_use_.splice(by_use_.end(), by_use_, known.use);
  if (known.state == breaker_state::closed)
    return std::nullopt;
  const auto hold = hold_of(known, now);
  if (hold) {
    ++known.refused;
    ++refused_;
  } else {
    known.state = breaker_state::half_open;
    known.probe_at = now + limits_.probe_limit;
  }
  return hold;
}

std::optional<std::chrono::milliseconds> circuit_breaker::hold_of(const circuit& each,
                                                                  time_point now) const {
  if (each.state == breaker_state::closed || now >= each.probe_at)
    return std::nullopt;
  // While the probe is under way its end is not known, only that it may come at any time.
  const auto wait = each.state == breaker_state::half_open
                        ? std::min<duration>(limits_.pause, each.probe_at - now)
                        : each.probe_at - now;
  return std::chrono::ceil<std::chrono::milliseconds>(wait);
}

std::optional<std::chrono::milliseconds> circuit_breaker::held_for(std::string_view name,
                                                                   time_point now) const {
  const auto found = circuits_.find(name);
  return found == circuits_.end() ? std::nullopt : hold_of(found->second, now);
}

void circuit_breaker::on_result(std::string_view name, breaker_result result, time_point now) {
  const bool is_known = circuits_.contains(name);
  if (!is_known && result != breaker_result::failed)
    return;
  auto& each = is_known ? circuits_.find(name)->second : add(name);
  switch (each.state) {
    case breaker_state::open: return;
    case breaker_state::half_open: return judge_probe(each, result, now);
    case breaker_state::closed: break;
  }
  if (result == breaker_result::other)
    return;
  note(each, result == breaker_result::failed);
  if (must_open(each)) {
    open(each, now);
  } else if (each.opened == 0 && (each.results & newest(each.seen)) == 0) {
    forget(circuits_.find(name));  // only successes to remember, and nothing to tell
  }
}

void circuit_breaker::judge_probe(circuit& each, breaker_result result, time_point now) {
  switch (result) {
    case breaker_result::failed: return open(each, now);
    case breaker_result::other:
      each.probe_at = now;  // it proved nothing: the next call is a probe
      return;
    case breaker_result::ok: break;
  }
  each.state = breaker_state::closed;
  each.in_a_row = 0;
  each.seen = 0;
  each.pauses = 0;
}

void circuit_breaker::note(circuit& each, bool failed) const {
  each.in_a_row = failed ? each.in_a_row + 1 : 0;
  each.results = each.results << 1U | (failed ? 1U : 0U);
  each.seen = std::min(each.seen + 1, limits_.window);
}

bool circuit_breaker::must_open(const circuit& each) const {
  if (each.in_a_row >= limits_.failures_in_a_row)
    return true;
  const auto failures = std::popcount(each.results & newest(each.seen));
  return each.seen == limits_.window && 2 * static_cast<std::uint32_t>(failures) >= limits_.window;
}

void circuit_breaker::open(circuit& each, time_point now) {
  each.state = breaker_state::open;
  each.probe_at = now + next_pause(each.pauses++);
  ++each.opened;
  ++opened_;
}

duration circuit_breaker::next_pause(std::uint32_t pauses) {
  auto pause = limits_.pause;
  for (std::uint32_t i = 0; i < pauses && pause < limits_.pause_max; ++i)
    pause = std::min(2 * pause, limits_.pause_max);
  constexpr double jitter = 0.2;
  const std::chrono::duration<double, std::milli> exact{static_cast<double>(pause.count()) *
                                                        (1.0 + jitter * random_.unit())};
  return std::chrono::duration_cast<duration>(exact);
}

circuit_breaker::circuit& circuit_breaker::add(std::string_view name) {
  if (circuits_.size() >= limits_.names_max)
    forget_one();
  const auto use = by_use_.insert(by_use_.end(), std::string{name});
  auto& added = circuits_[*use];
  added.use = use;
  return added;
}

void circuit_breaker::forget_one() {
  const auto closed = std::ranges::find_if(by_use_, [this](const std::string& name) {
    return circuits_.find(name)->second.state == breaker_state::closed;
  });
  forget(circuits_.find(closed == by_use_.end() ? by_use_.front() : *closed));
}

void circuit_breaker::forget(circuits::iterator at) {
  by_use_.erase(at->second.use);
  circuits_.erase(at);
}

breaker_state circuit_breaker::state_of(std::string_view name, time_point now) const {
  const auto found = circuits_.find(name);
  if (found == circuits_.end())
    return breaker_state::closed;
  const auto& known = found->second;
  return known.state == breaker_state::open && now >= known.probe_at ? breaker_state::half_open
                                                                     : known.state;
}

std::vector<breaker_status> circuit_breaker::status(time_point now) const {
  std::vector<breaker_status> all;
  for (const auto& [name, known] : circuits_) {
    breaker_status each{.name = name,
                        .state = state_of(name, now),
                        .opened = known.opened,
                        .refused = known.refused};
    if (each.state == breaker_state::open)
      each.next_probe = std::chrono::ceil<std::chrono::milliseconds>(known.probe_at - now);
    all.push_back(std::move(each));
  }
  std::ranges::sort(all, {}, &breaker_status::name);
  return all;
}

}  // namespace libagent
