#include "libagent/base/random.hpp"
#include "libagent/tasks/admission.hpp"
#include "libagent/tasks/service_times.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// Two servers, tasks of 300 ms (coefficient of variation 0.5), callers that give an attempt 1.5 s
/// and try up to three times more within 3 s: 0.8 times the capacity, then 10 times for 60 s, then
/// 0.8 times again.
namespace overload {

constexpr auto mean_service = 300ms;
constexpr std::size_t servers = 2;
constexpr auto deadline = 3s;
constexpr auto attempt_timeout = 1500ms;
constexpr int attempts_max = 4;
constexpr auto step_begin = 30s;
constexpr auto step_end = 90s;
constexpr auto end = 150s;

}  // namespace overload

enum class overload_policy : std::uint8_t { unbounded_fifo, estimate_and_expiry };

struct overload_request {
  duration arrived{};
  int attempts = 0;
  bool done = false;
};

struct overload_attempt {
  std::size_t request = 0;
  int number = 0;
  duration sent{};
};

class overload_simulation {
public:
  overload_simulation(overload_policy policy, std::uint64_t seed)
      : policy_{policy}, random_{seed} {}

  void run() {
    schedule_arrival(0s);
    while (!events_.empty()) {
      const auto next = events_.top();
      events_.pop();
      now_ = next.at;
      next.act();
    }
  }

  /// Requests that were answered in time, of those that arrived in [from, to).
  [[nodiscard]] double success(duration from, duration to) const {
    const auto arrived = [&](const auto& r) { return r.arrived >= from && r.arrived < to; };
    const auto all = std::ranges::count_if(requests_, arrived);
    const auto good =
        std::ranges::count_if(requests_, [&](const auto& r) { return arrived(r) && r.done; });
    return static_cast<double>(good) / static_cast<double>(all);
  }

  /// Answers in time during the step, as a fraction of what the servers can do.
  [[nodiscard]] double goodput() const {
    constexpr std::chrono::duration<double> step = overload::step_end - overload::step_begin;
    return static_cast<double>(good_in_step_) / (capacity_per_second() * step.count());
  }

  [[nodiscard]] std::size_t longest_queue() const { return longest_queue_; }

private:
  struct event {
    duration at;
    std::function<void()> act;

    bool operator>(const event& other) const { return at > other.at; }
  };

  static double capacity_per_second() {
    return static_cast<double>(overload::servers) /
           std::chrono::duration<double>{overload::mean_service}.count();
  }

  duration exponential(double mean_seconds) {
    return std::chrono::duration_cast<duration>(
        std::chrono::duration<double>{mean_seconds * -std::log(1 - random_.unit())});
  }

  void at(duration when, std::function<void()> act) { events_.push({when, std::move(act)}); }

  void schedule_arrival(duration after) {
    const bool in_step = after >= overload::step_begin && after < overload::step_end;
    const double rate = capacity_per_second() * (in_step ? 10.0 : 0.8);
    const auto when = after + exponential(1 / rate);
    if (when >= overload::end)
      return;
    at(when, [this] {
      requests_.push_back({.arrived = now_});
      send(requests_.size() - 1);
      schedule_arrival(now_);
    });
  }

  void send(std::size_t request) {
    auto& asked = requests_[request];
    const overload_attempt attempt{request, ++asked.attempts, now_};
    if (policy_ == overload_policy::estimate_and_expiry && !admits()) {
      try_again(request);
      return;
    }
    queue_.push_back(attempt);
    longest_queue_ = std::max(longest_queue_, queue_.size());
    at(now_ + overload::attempt_timeout, [this, attempt] {
      if (requests_[attempt.request].attempts == attempt.number)
        try_again(attempt.request);
    });
    start_some();
  }

  [[nodiscard]] bool admits() const {
    const auto known = times_.estimate("tool");
    const auto mean = known ? known->mean : duration{};
    // What runs has on average half of its time to go.
    const auto backlog = mean * static_cast<int>(2 * queue_.size() + busy_) / 2;
    return admit_by_estimate("tool", {.tasks_ahead = queue_.size(),
                                      .backlog_ahead = backlog,
                                      .capacity = overload::servers,
                                      .own = known ? known->p90 : duration{},
                                      .timeout = overload::attempt_timeout,
                                      .has_estimate = known.has_value()})
        .has_value();
  }

  void try_again(std::size_t request) {
    const auto& asked = requests_[request];
    const auto when = now_ + std::chrono::duration_cast<duration>(200ms * random_.unit());
    if (asked.done || asked.attempts >= overload::attempts_max ||
        when >= asked.arrived + overload::deadline)
      return;
    at(when, [this, request] { send(request); });
  }

  void start_some() {
    while (busy_ < overload::servers && !queue_.empty()) {
      const auto attempt = queue_.front();
      queue_.pop_front();
      const bool expired = now_ > attempt.sent + overload::attempt_timeout;
      if (expired && policy_ == overload_policy::estimate_and_expiry)
        continue;
      ++busy_;
      duration service{};  // The sum of four exponential parts has half the variation of one.
      for (int part = 0; part < 4; ++part)
        service += exponential(std::chrono::duration<double>{overload::mean_service}.count() / 4);
      at(now_ + service, [this, attempt, service] { finish(attempt, service); });
    }
  }

  void finish(const overload_attempt& attempt, duration service) {
    --busy_;
    times_.note("tool", service);
    auto& asked = requests_[attempt.request];
    const bool in_time = now_ <= attempt.sent + overload::attempt_timeout &&
                         now_ <= asked.arrived + overload::deadline;
    if (in_time && !asked.done) {
      asked.done = true;
      if (now_ >= overload::step_begin && now_ < overload::step_end)
        ++good_in_step_;
    }
    start_some();
  }

  overload_policy policy_;
  seeded_random random_;
  service_times times_;
  duration now_{};
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::vector<overload_request> requests_;
  std::deque<overload_attempt> queue_;
  std::size_t busy_ = 0;
  std::size_t longest_queue_ = 0;
  std::size_t good_in_step_ = 0;
};

}  // namespace

TEST_CASE("admission by estimate keeps the goodput at ten times the capacity", "[tasks]") {
  double recovered = 0;
  for (const auto seed : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(seed);
    overload_simulation guarded{overload_policy::estimate_and_expiry, seed};
    guarded.run();
    CHECK(guarded.success(0s, overload::step_begin) >= 0.9);
    CHECK(guarded.goodput() >= 0.9);
    CHECK(guarded.longest_queue() <= 20);
    recovered += guarded.success(overload::step_end, overload::step_end + 5s) / 5;
  }
  CHECK(recovered >= 0.9);
}

TEST_CASE("an unbounded queue collapses at ten times the capacity and stays down", "[tasks]") {
  overload_simulation fifo{overload_policy::unbounded_fifo, 1};
  fifo.run();
  CHECK(fifo.success(0s, overload::step_begin - 3s) >= 0.9);
  CHECK(fifo.goodput() <= 0.2);
  CHECK(fifo.longest_queue() > 1000);
  CHECK(fifo.success(overload::step_end, overload::end) <= 0.2);
}
