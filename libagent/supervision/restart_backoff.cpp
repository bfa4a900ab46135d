#include "libagent/supervision/restart_backoff.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

namespace {

/// A random part of `whole`, in [0, whole).
duration random_part(duration whole, seeded_random& random) {
  return duration{static_cast<duration::rep>(static_cast<double>(whole.count()) * random.unit())};
}

}  // namespace

restart_backoff::restart_backoff(backoff_limits limits, std::uint64_t seed)
    : limits_{limits}, random_{seed}, ceiling_{duration::zero()} {
  LIBAGENT_EXPECTS(limits.initial > duration::zero() && limits.initial <= limits.maximum);
  LIBAGENT_EXPECTS(limits.healthy_after > duration::zero());
}

void restart_backoff::note_uptime(duration uptime) {
  if (uptime >= limits_.healthy_after)
    ceiling_ = duration::zero();
}

duration restart_backoff::next_delay() {
  const auto delay = ceiling_;
  if (delay == duration::zero()) {
    ceiling_ = limits_.initial;
  } else {
    // Compared by halves, because doubling a large maximum could overflow.
    ceiling_ = delay > limits_.maximum / 2 ? limits_.maximum : delay * 2;
  }
  switch (limits_.jitter) {
    case backoff_jitter::none: return delay;
    case backoff_jitter::equal: return delay / 2 + random_part(delay - delay / 2, random_);
    case backoff_jitter::full: return random_part(delay, random_);
  }
  return delay;
}

}  // namespace libagent
