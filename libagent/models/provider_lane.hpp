#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/aimd_limit.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/models/provider_settings.hpp"
#include "libagent/tasks/circuit_breaker.hpp"
#include "libagent/tasks/fair_queue.hpp"
#include "libagent/tasks/retry_budget.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace libagent {

/// What happened at one provider since the start.
struct provider_counters {
  std::uint64_t calls = 0;     ///< Attempts that were sent.
  std::uint64_t failures = 0;  ///< Of them without an answer.
  std::uint64_t retries = 0;   ///< Of them not the first of their order.
  std::uint64_t refused = 0;   ///< Orders that ended without being sent.
  token_usage tokens;
  std::uint64_t cost_micro = 0;
};

/// How an attempt ended.
struct attempt_end {
  const error* failure = nullptr;  ///< Null: there is a reply.
  bool began = false;              ///< Something was passed on, so it must not be started over.
  token_usage usage;
  std::uint64_t cost_micro = 0;
};

/// One provider: how many calls it takes, what waits for it, and whether it is worth asking.
/// Thread safety: none.
class provider_lane {
public:
  /// A provider that asks for more patience than this is not waited for (as in the OpenAI client
  /// libraries).
  static constexpr std::chrono::seconds patience_max{120};
  /// The longest time that one answer can stop all calls of a provider.
  static constexpr std::chrono::seconds hold_max{60};

  /// @pre `settings` were checked.
  provider_lane(provider_settings settings, std::uint64_t seed);

  [[nodiscard]] const provider_settings& settings() const { return settings_; }

  /// Why an order of `level` cannot even wait; empty: it can.
  [[nodiscard]] std::optional<error> refusal(criticality level, time_point deadline,
                                             time_point now) const;

  /// Whether another call may start now.
  [[nodiscard]] bool has_room(time_point now) const {
    return running_ < limit_.current() && now >= held_until_;
  }

  /// Counts a call as under way, unless the breaker forbids it: then when to ask again.
  [[nodiscard]] std::optional<std::chrono::milliseconds> start(bool is_retry, time_point now);

  /// A call ended that began at `began_at`; learns from it.
  void on_end(const attempt_end& end, time_point began_at, time_point now);

  /// A call never ended: its place is given to others.
  void write_off(time_point now);

  /// When an order whose `attempts`-th attempt failed may be sent again; empty: never. Spends from
  /// the retry budget.
  [[nodiscard]] std::optional<time_point> retry_at(const error& why, std::uint32_t attempts,
                                                   time_point deadline, time_point now);

  /// When a held provider can be called again; empty: it is not held.
  [[nodiscard]] std::optional<time_point> held_until(time_point now) const;

  /// What the provider said of itself.
  void set_slots(std::uint32_t slots);

  void count_refusal() { ++counters_.refused; }

  [[nodiscard]] fair_queue& queue() { return queue_; }

  [[nodiscard]] const fair_queue& queue() const { return queue_; }

  [[nodiscard]] std::uint32_t limit() const { return limit_.current(); }

  [[nodiscard]] std::uint32_t running() const { return running_; }

  [[nodiscard]] breaker_state breaker(time_point now) const {
    return breaker_.state_of(settings_.name, now);
  }

  /// How often the breaker opened.
  [[nodiscard]] std::uint64_t opened() const { return breaker_.opened(); }

  [[nodiscard]] const provider_counters& counters() const { return counters_; }

private:
  void learn_from_failure(const error& why, time_point began_at, time_point now);
  [[nodiscard]] std::chrono::milliseconds expected_wait() const;

  provider_settings settings_;
  seeded_random random_;
  aimd_limit limit_;
  fair_queue queue_;
  circuit_breaker breaker_;
  retry_budget retries_;
  std::uint32_t running_ = 0;
  time_point held_until_ = time_point::min();
  double mean_call_ms_ = 0;  // of those that were answered lately
  provider_counters counters_;
};

}  // namespace libagent
