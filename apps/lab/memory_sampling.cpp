#include "apps/lab/memory_sampling.hpp"

#include "libagent/adapters/proc_memory_probe.hpp"
#include "libagent/memory/memory_ledger.hpp"
#include "libagent/memory/phase_book.hpp"
#include "libagent/memory/pressure_gauge.hpp"

#include <chrono>
#include <ctime>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

using steady = std::chrono::steady_clock;
using micros = std::chrono::duration<double, std::micro>;

constexpr std::uint64_t budget_bytes = std::uint64_t{1} << 30U;
constexpr double samples_per_s = 10;

/// What the memory monitor does for one sample, without its messages.
class sampler {
public:
  explicit sampler(std::unique_ptr<proc_memory_probe> probe) : probe_{std::move(probe)} {
    phases_.enter("sampling", steady::now());
  }

  void sample() {
    const auto now = steady::now();
    const auto reading = probe_->read();
    if (!reading)
      return;
    ledger_.update(reading->resident_bytes);
    gauge_.update(*reading, now, ledger_.promised());
    phases_.sample(reading->resident_bytes, now);
  }

private:
  std::unique_ptr<proc_memory_probe> probe_;
  pressure_gauge gauge_{budget_bytes};
  memory_ledger ledger_{budget_bytes};
  phase_book phases_;
};

double sampling_cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct sampling_cost {
  std::vector<double> cpu_us;

  [[nodiscard]] double mean() const {
    double sum = 0;
    for (const auto each : cpu_us)
      sum += each;
    return cpu_us.empty() ? 0 : sum / static_cast<double>(cpu_us.size());
  }
};

sampling_cost measure_cost(sampler& measured, std::size_t count, steady::duration pause) {
  sampling_cost cost;
  cost.cpu_us.reserve(count);
  auto next = steady::now();
  for (std::size_t i = 0; i < count; ++i) {
    if (pause > steady::duration::zero()) {
      next += pause;
      std::this_thread::sleep_until(next);  // the sampling interval
    }
    const auto before = sampling_cpu_us();
    measured.sample();
    cost.cpu_us.push_back(sampling_cpu_us() - before);
  }
  return cost;
}

/// Of one core, in percent, at ten samples a second.
double share_of_core(const sampling_cost& cost) {
  return cost.mean() * samples_per_s / 1e6 * 100;
}

void add_cost(report& into, const char* how, const sampling_cost& cost) {
  const auto us = quantiles_of(cost.cpu_us);
  into.add_row("cost of sampling (CPU time of one sample)", {{"samples", how},
                                                             {"count", cost.cpu_us.size()},
                                                             {"p50 us", us.p50},
                                                             {"p99 us", us.p99},
                                                             {"mean us", cost.mean()},
                                                             {"% of a core", share_of_core(cost)}});
}

}  // namespace

void measure_sampling(report& into, const lab_options& options) {
  announce("the cost of sampling");
  auto probe = proc_memory_probe::open();
  if (!probe) {
    into.add_note(to_string(probe.error()));
    return;
  }
  sampler measured{*std::move(probe)};
  (void)measure_cost(measured, 100, {});
  const auto hot = measure_cost(measured, options.quick ? 2'000 : 20'000, {});
  const auto paced =
      measure_cost(measured, options.quick ? 10 : 200, std::chrono::milliseconds{100});
  add_cost(into, "one after the other", hot);
  add_cost(into, "every 100 ms", paced);
  into.add_aim("sampling at 10 Hz", aim_is::at_most, 0.1, share_of_core(paced), "% of a core");
}

}  // namespace libagent::lab
