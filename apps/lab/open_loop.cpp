#include "apps/lab/open_loop.hpp"

#include "apps/lab/closed_loop.hpp"
#include "apps/lab/overhead_process.hpp"
#include "libagent/base/random.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>

namespace libagent::lab {

namespace {

using steady = std::chrono::steady_clock;
using seconds_d = std::chrono::duration<double>;

constexpr std::size_t arrival_clients = 10;
constexpr double recovery_window_s = 0.25;
constexpr double recovered_share = 0.9;

bool is_useful(const arrival& one, std::chrono::milliseconds deadline) {
  return one.fate == request_fate::succeeded && one.took_ms <= static_cast<float>(deadline.count());
}

double resident_mb() {
  return static_cast<double>(resident_bytes(0)) / 1e6;
}

/// Shared with the answers, which may come when nobody waits for them any more.
struct arrival_book {
  std::vector<arrival> arrivals;  ///< Of fixed size: each answer writes its own entry.
  std::atomic<std::uint64_t> succeeded{0};
};

/// Watches memory from a thread of its own, because the generator has no time for it.
class resident_watch {
public:
  resident_watch() : thread_{[this](const std::stop_token& stop) { run(stop); }} {}

  /// The most that was seen since the last call.
  double take_highest() { return std::max(highest_.exchange(0), resident_mb()); }

private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      highest_ = std::max(highest_.load(), resident_mb());
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
  }

  std::atomic<double> highest_{0};
  std::jthread thread_;
};

void submit_arrival(request_front& front, const std::shared_ptr<arrival_book>& book,
                    std::size_t number, time_point meant) {
  front.submit("client-" + std::to_string(number % arrival_clients),
               [book, number, meant](const request_answer& answer) {
                 auto& one = book->arrivals[number];
                 one.fate = answer.fate;
                 one.took_ms =
                     std::chrono::duration<float, std::milli>{steady::now() - meant}.count();
                 book->succeeded += answer.fate == request_fate::succeeded ? 1U : 0U;
               });
}

/// Where each phase ends, in seconds since the start.
std::vector<double> phase_ends(const std::vector<arrival_phase>& phases) {
  std::vector<double> ends;
  ends.reserve(phases.size());
  double end = 0;
  for (const auto& phase : phases)
    ends.push_back(end += seconds_d{phase.length}.count());
  return ends;
}

}  // namespace

std::vector<double> draw_arrivals(const std::vector<arrival_phase>& phases, std::uint64_t seed) {
  seeded_random random{seed};
  std::vector<double> times;
  double begin = 0;
  for (const auto& phase : phases) {
    const auto end = begin + seconds_d{phase.length}.count();
    const auto gap = [&] { return -std::log(1 - random.unit()) / phase.per_second; };
    for (auto at = begin + gap(); at < end; at += gap())
      times.push_back(at);
    begin = end;
  }
  return times;
}

phase_outcome sum_up(const std::vector<arrival>& arrivals, double from_s, double to_s,
                     std::chrono::milliseconds deadline) {
  phase_outcome seen;
  std::vector<double> took_ms;
  std::vector<double> refused_ms;
  std::uint64_t offered = 0;
  std::uint64_t useful = 0;
  for (const auto& one : arrivals) {
    if (one.at_s < from_s || one.at_s >= to_s)
      continue;
    ++offered;
    useful += is_useful(one, deadline) ? 1U : 0U;
    switch (one.fate) {
      case request_fate::succeeded: took_ms.push_back(one.took_ms); break;
      case request_fate::refused: refused_ms.push_back(one.took_ms); break;
      case request_fate::expired: ++seen.expired; break;
      case request_fate::failed:
      case request_fate::lost: ++seen.failed; break;
    }
  }
  seen.offered_per_second = static_cast<double>(offered) / (to_s - from_s);
  seen.useful_per_second = static_cast<double>(useful) / (to_s - from_s);
  seen.refused = refused_ms.size();
  seen.took_ms = quantiles_of(std::move(took_ms));
  seen.refused_ms = quantiles_of(std::move(refused_ms));
  return seen;
}

std::optional<double> recovery_after(const std::vector<arrival>& arrivals, double from_s,
                                     double to_s, std::chrono::milliseconds deadline) {
  const auto is_good = [&](double begin) {
    const auto seen = sum_up(arrivals, begin, begin + recovery_window_s, deadline);
    return seen.useful_per_second >= recovered_share * seen.offered_per_second;
  };
  for (int window = 0;; ++window) {
    const auto begin = from_s + window * recovery_window_s;
    if (begin + 2 * recovery_window_s > to_s)
      return std::nullopt;
    if (is_good(begin) && is_good(begin + recovery_window_s))
      return begin - from_s;
  }
}

open_loop_outcome run_open_loop(request_front& front, const knee_backend& backend,
                                const open_loop_options& options) {
  const auto times = draw_arrivals(options.phases, options.seed);
  const auto ends = phase_ends(options.phases);
  const auto book = std::make_shared<arrival_book>();
  book->arrivals.resize(times.size());
  for (std::size_t i = 0; i < times.size(); ++i)
    book->arrivals[i].at_s = times[i];
  open_loop_outcome outcome{.resident_before_mb = resident_mb()};
  std::vector<double> highest;
  resident_watch memory;
  const auto start = steady::now();
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (times[i] >= ends[highest.size()])
      highest.push_back(memory.take_highest());
    const auto meant = start + std::chrono::duration_cast<duration>(seconds_d{times[i]});
    if (meant > steady::now())
      std::this_thread::sleep_until(meant);
    submit_arrival(front, book, i, meant);
  }
  require_answered_once(front, backend, book->succeeded,
                        options.deadline + std::chrono::seconds{5});
  highest.resize(ends.size(), memory.take_highest());
  outcome.resident_after_mb = resident_mb();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    auto& phase = outcome.phases.emplace_back(
        sum_up(book->arrivals, i == 0 ? 0 : ends[i - 1], ends[i], options.deadline));
    phase.name = options.phases[i].name;
    phase.resident_mb = highest[i];
  }
  if (ends.size() > 1) {
    outcome.recovery_s =
        recovery_after(book->arrivals, ends[ends.size() - 2], ends.back(), options.deadline);
  }
  return outcome;
}

}  // namespace libagent::lab
