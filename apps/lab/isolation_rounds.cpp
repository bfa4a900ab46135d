#include "apps/lab/isolation_rounds.hpp"

#include "apps/lab/foreign_cpu.hpp"

#include <algorithm>
#include <thread>

namespace libagent::lab {

namespace {

using std::chrono::seconds;

/// For the last answers, which one queue for all delays by seconds.
constexpr seconds answer_patience{20};

class loop_runner {
public:
  loop_runner(mode& measured, bool loaded, const round_plan& plan, std::uint64_t seed)
      : measured_{measured},
        loaded_{loaded},
        plan_{plan},
        board_{std::make_shared<answer_board>(
            poisson_arrivals(plan.per_second, loaded ? plan.loaded : plan.idle, seed))} {}

  void run() {
    if (loaded_ && !note(measured_.who->start_long()))
      return;
    if (loaded_)
      std::this_thread::sleep_for(plan_.warm_up);  // The declared warm-up, not a synchronisation.
    measure();
    if (loaded_)
      note(measured_.who->stop_long());
  }

private:
  bool note(const expected<void>& outcome) {
    if (!outcome)
      complain(to_string(outcome.error()));
    return outcome.has_value();
  }

  void complain(const std::string& what) {
    measured_.problems.push_back(measured_.name + (loaded_ ? ", loaded: " : ", idle: ") + what);
  }

  void measure() {
    const foreign_cpu_meter foreign;
    const auto begin = std::chrono::steady_clock::now();
    const auto done_before = measured_.who->long_tasks_done();
    if (!note(measured_.who->play(board_)))
      return;
    const auto all = board_->wait_for_all(answer_patience);
    const auto done = measured_.who->long_tasks_done() - done_before;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    loop_result seen{.latencies_us = board_->latencies_us()};
    seen.latency_us = quantiles_of(seen.latencies_us);
    seen.long_per_s = done / took.count();
    seen.foreign_percent = foreign.percent();
    (loaded_ ? measured_.loaded : measured_.idle).push_back(std::move(seen));
    check(all, done_before);
  }

  void check(bool all, double done_before) {
    if (!all)
      complain(std::to_string(board_->unanswered()) + " short tasks were not answered");
    if (board_->answered_twice() > 0)
      complain(std::to_string(board_->answered_twice()) + " answers came twice");
    if (board_->answered_badly() > 0)
      complain(std::to_string(board_->answered_badly()) + " short tasks failed or were refused");
    if (loaded_ && !comes_on(done_before))
      complain("the long tasks stood still");
  }

  /// Whether more long tasks are done than before the loop, now or within the patience.
  [[nodiscard]] bool comes_on(double done_before) {
    const auto give_up_at = std::chrono::steady_clock::now() + plan_.progress_patience;
    while (measured_.who->long_tasks_done() <= done_before) {
      if (std::chrono::steady_clock::now() >= give_up_at)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
  }

  mode& measured_;
  bool loaded_;
  const round_plan& plan_;
  answer_board_ptr board_;
};

quantiles pooled(const std::vector<loop_result>& rounds) {
  std::vector<double> all;
  for (const auto& one : rounds)
    all.insert(all.end(), one.latencies_us.begin(), one.latencies_us.end());
  return quantiles_of(std::move(all));
}

template <class Value>
double median_over(const std::vector<loop_result>& rounds, Value value) {
  std::vector<double> sample;
  sample.reserve(rounds.size());
  for (const auto& one : rounds)
    sample.push_back(value(one));
  return median_of(std::move(sample));
}

}  // namespace

quantiles mode::pooled_idle_us() const {
  return pooled(idle);
}

quantiles mode::pooled_loaded_us() const {
  return pooled(loaded);
}

double mode::long_per_s() const {
  return median_over(loaded, [](const loop_result& one) { return one.long_per_s; });
}

double mode::foreign_percent() const {
  return median_over(loaded, [](const loop_result& one) { return one.foreign_percent; });
}

void run_rounds(std::vector<mode>& modes, const round_plan& plan) {
  for (int round = 0; round < plan.rounds; ++round) {
    const auto seed = plan.seed * 1'000 + static_cast<std::uint64_t>(round);
    for (auto& one : modes) {
      announce("round " + std::to_string(round + 1) + ": " + one.name);
      loop_runner{one, /*loaded=*/false, plan, seed}.run();
      loop_runner{one, /*loaded=*/true, plan, seed}.run();
    }
  }
}

double median_ratio(const std::vector<loop_result>& a, const std::vector<loop_result>& b,
                    const std::function<double(const loop_result&)>& value) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const auto below = value(b[i]); below > 0)
      ratios.push_back(value(a[i]) / below);
  }
  return median_of(std::move(ratios));
}

double median_of(std::vector<double> sample) {
  return quantiles_of(std::move(sample)).p50;
}

}  // namespace libagent::lab
