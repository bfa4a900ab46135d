#pragma once

#include "libagent/models/model_gate.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace libagent::testing {

/// A model gate on virtual time, and what became of each order.
class gate_driver {
public:
  explicit gate_driver(std::vector<provider_settings> providers, std::uint64_t seed = 1)
      : gate{providers, seed} {}

  static provider_settings provider(std::string name, std::uint32_t calls_max) {
    return {.name = std::move(name),
            .url = "http://127.0.0.1:1/v1",
            .calls_max = calls_max,
            .retry = {.attempts_max = 3,
                      .base = std::chrono::milliseconds{100},
                      .cap = std::chrono::milliseconds{1'000}}};
  }

  /// Ids begin with 1; a refused order has the id 0 and its error in `refused`.
  std::uint64_t order(std::string_view client = "ann", criticality level = criticality::critical,
                      duration timeout = std::chrono::minutes{10}) {
    return order({.level = level,
                  .deadline = now + timeout,
                  .payers = {.client = client, .agent = {}, .turn_left_micro = {}},
                  .most = {.tokens = 100}});
  }

  std::uint64_t order(const gate_order& what) {
    const auto id = gate.admit(what, at());
    if (!id) {
      refused = id.error();
      return 0;
    }
    settle();
    return *id;
  }

  gate_verdict succeed(std::uint64_t id) { return end(id, {}); }

  gate_verdict fail(std::uint64_t id, error why, bool began = false) {
    return end(id, {.failure = &why, .began = began});
  }

  gate_verdict end(std::uint64_t id, const attempt_end& how) {
    std::erase(running, id);
    const auto verdict = gate.on_end(id, how, at());
    if (verdict == gate_verdict::finish)
      ++ends[id];
    settle();
    return verdict;
  }

  cancel_verdict cancel(std::uint64_t id) {
    const auto verdict = gate.cancel(id, at());
    if (verdict == cancel_verdict::finish)
      ++ends[id];
    settle();
    return verdict;
  }

  void advance(duration step) {
    const auto target = now + step;
    for (auto next = gate.next_wake(now); next && *next <= target; next = gate.next_wake(now)) {
      now = std::max(now, *next);
      settle();
    }
    now = target;
    settle();
  }

  [[nodiscard]] bool is_running(std::uint64_t id) const {
    return std::ranges::find(running, id) != running.end();
  }

  [[nodiscard]] instant at() const { return {.steady = now, .unix_time = 1'700'000'000'000}; }

  model_gate gate;
  time_point now = t0;
  std::vector<std::uint64_t> running;     ///< In the order of their starts.
  std::map<std::uint64_t, int> ends;      ///< How often each was ended.
  std::map<std::uint64_t, error> unsent;  ///< Ended by a step.
  std::vector<std::uint64_t> abandoned;
  error refused;

private:
  void settle() {
    for (const auto& step : gate.take_due(at())) {
      if (step.kind == gate_step_kind::start) {
        running.push_back(step.id);
        continue;
      }
      ++ends[step.id];
      unsent[step.id] = step.why;
      if (step.kind == gate_step_kind::abandon)
        abandoned.push_back(step.id);
    }
  }
};

}  // namespace libagent::testing
