#include "apps/lab/knee_simulation.hpp"

#include "apps/lab/report.hpp"

#include <algorithm>
#include <deque>
#include <queue>

namespace libagent::lab {

namespace {

using knee_seconds = std::chrono::duration<double>;

struct knee_request {
  time_point asked;
  time_point started;
};

struct knee_event {
  enum class kind : std::uint8_t { wait_over, served };

  time_point at;
  std::uint64_t order = 0;  ///< Ties are broken by age, so that a run can be repeated.
  kind what = kind::wait_over;
  std::size_t user = 0;

  friend bool operator>(const knee_event& a, const knee_event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }
};

/// Gathers one phase's second half.
class knee_tally {
public:
  knee_tally(time_point from, time_point to) : from_{from}, to_{to}, last_{from} {}

  void see_limit(std::uint32_t limit, time_point now) {
    if (now <= from_ || last_ >= to_)
      return;
    const auto until = std::min(now, to_);
    limit_area_ += static_cast<double>(limit) * knee_seconds{until - last_}.count();
    last_ = until;
    lowest_ = std::min(lowest_, limit);
    highest_ = std::max(highest_, limit);
  }

  void see_answer(const knee_request& request, time_point now) {
    if (now <= from_ || now > to_)
      return;
    took_ += knee_seconds{now - request.started}.count();
    answers_s_.push_back(knee_seconds{now - request.asked}.count());
  }

  [[nodiscard]] knee_phase_outcome outcome() const {
    const auto length = knee_seconds{to_ - from_}.count();
    const auto answers = static_cast<double>(answers_s_.size());
    return {.per_second = answers / length,
            .mean_limit = limit_area_ / length,
            .mean_took_s = answers > 0 ? took_ / answers : 0,
            .p50_s = quantiles_of(answers_s_).p50,
            .lowest_limit = lowest_,
            .highest_limit = highest_};
  }

private:
  time_point from_;
  time_point to_;
  time_point last_;
  double limit_area_ = 0;
  double took_ = 0;
  std::uint32_t lowest_ = ~std::uint32_t{0};
  std::uint32_t highest_ = 0;
  std::vector<double> answers_s_;
};

class knee_system {
public:
  knee_system(const knee_simulation_options& options, const climb_options& limiter)
      : options_{options}, limiter_{limiter}, random_{options.seed}, requests_(options.users) {
    for (std::size_t i = 0; i < options.phases.size(); ++i) {
      const auto end = i + 1 < options.phases.size() ? options.phases[i + 1].from : options.length;
      tallies_.emplace_back(at((options.phases[i].from + end) / 2), at(end));
    }
  }

  [[nodiscard]] std::vector<knee_phase_outcome> run() {
    for (std::size_t user = 0; user < options_.users; ++user)
      ask(user, {});
    const auto end = at(options_.length);
    while (!events_.empty() && events_.top().at <= end) {
      const auto event = events_.top();
      events_.pop();
      tally_of(event.at).see_limit(limiter_.limit(), event.at);
      if (event.what == knee_event::kind::wait_over) {
        need_server(event.user, event.at);
      } else {
        finish(event.user, event.at);
      }
    }
    std::vector<knee_phase_outcome> outcomes;
    outcomes.reserve(tallies_.size());
    for (const auto& each : tallies_)
      outcomes.push_back(each.outcome());
    return outcomes;
  }

private:
  static time_point at(knee_seconds since_start) {
    return time_point{} + std::chrono::duration_cast<duration>(since_start);
  }

  [[nodiscard]] std::size_t phase_at(time_point now) const {
    std::size_t phase = 0;
    while (phase + 1 < options_.phases.size() && at(options_.phases[phase + 1].from) <= now)
      ++phase;
    return phase;
  }

  [[nodiscard]] const knee_workload& work(time_point now) const {
    return options_.phases[phase_at(now)].work;
  }

  knee_tally& tally_of(time_point now) { return tallies_[phase_at(now)]; }

  void schedule(knee_event::kind what, std::size_t user, time_point when) {
    events_.push({.at = when, .order = order_++, .what = what, .user = user});
  }

  void ask(std::size_t user, time_point now) {
    requests_[user].asked = now;
    queue_.push_back(user);
    start_what_fits(now);
  }

  void start_what_fits(time_point now) {
    while (!queue_.empty() && under_way_ < limiter_.limit()) {
      const auto user = queue_.front();
      queue_.pop_front();
      ++under_way_;
      requests_[user].started = now;
      limiter_.on_start(now);
      const auto wait = std::chrono::duration_cast<duration>(work(now).waits.draw(random_));
      schedule(knee_event::kind::wait_over, user, now + wait);
    }
  }

  void need_server(std::size_t user, time_point now) {
    at_server_.push_back(user);
    if (at_server_.size() == 1)
      serve(now);
  }

  void serve(time_point now) {
    const auto takes = work(now).draw_service(under_way_, random_);
    schedule(knee_event::kind::served, at_server_.front(),
             now + std::chrono::duration_cast<duration>(takes));
  }

  void finish(std::size_t user, time_point now) {
    at_server_.pop_front();
    --under_way_;
    tally_of(now).see_answer(requests_[user], now);
    limiter_.on_end(now - requests_[user].started, true, now);
    if (!at_server_.empty())
      serve(now);
    ask(user, now);
  }

  const knee_simulation_options& options_;
  power_climb limiter_;
  seeded_random random_;
  std::vector<knee_request> requests_;
  std::vector<knee_tally> tallies_;
  std::priority_queue<knee_event, std::vector<knee_event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::deque<std::size_t> queue_;
  std::deque<std::size_t> at_server_;
  std::size_t under_way_ = 0;
};

}  // namespace

std::vector<knee_phase_outcome> simulate_knee(const knee_simulation_options& options,
                                              const climb_options& limiter) {
  return knee_system{options, limiter}.run();
}

}  // namespace libagent::lab
