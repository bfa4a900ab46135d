#include "apps/lab/open_loop.hpp"

#include "apps/lab/limit_sweep.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace libagent::lab;
using namespace std::chrono_literals;

namespace {

/// One arrival each 10 ms in [from, to).
void add_arrivals(std::vector<arrival>& to, double from_s, double to_s, request_fate fate,
                  float took_ms) {
  for (int i = 0; from_s + i * 0.01 < to_s - 1e-9; ++i)
    to.push_back({.at_s = from_s + i * 0.01, .took_ms = took_ms, .fate = fate});
}

}  // namespace

TEST_CASE("arrivals come at each phase's rate, at the times that their seed gives", "[lab]") {
  const std::vector<arrival_phase> phases = {{.per_second = 1'000, .length = 10s},
                                             {.per_second = 100, .length = 10s}};
  const auto times = draw_arrivals(phases, 7);
  CHECK(std::ranges::is_sorted(times));
  CHECK(times.front() > 0);
  CHECK(times.back() < 20);
  const auto first = std::ranges::count_if(times, [](double at) { return at < 10; });
  CHECK(first == Approx(10'000).margin(500));
  CHECK(static_cast<double>(times.size()) - static_cast<double>(first) ==
        Approx(1'000).margin(160));
  CHECK(draw_arrivals(phases, 7) == times);
  CHECK(draw_arrivals(phases, 8) != times);
}

TEST_CASE("goodput counts successes within the deadline, the deadline itself included", "[lab]") {
  const std::vector<arrival> arrivals = {
      {.at_s = 0.9, .took_ms = 1, .fate = request_fate::succeeded},
      {.at_s = 1.0, .took_ms = 100, .fate = request_fate::succeeded},
      {.at_s = 1.5, .took_ms = 101, .fate = request_fate::succeeded},
      {.at_s = 1.6, .took_ms = 3, .fate = request_fate::refused},
      {.at_s = 1.7, .took_ms = 100, .fate = request_fate::expired},
      {.at_s = 2.9, .took_ms = 1, .fate = request_fate::failed},
      {.at_s = 3.0, .took_ms = 1, .fate = request_fate::succeeded},
  };
  const auto seen = sum_up(arrivals, 1, 3, 100ms);
  CHECK(seen.offered_per_second == 2.5);
  CHECK(seen.useful_per_second == 0.5);
  CHECK(seen.took_ms.max == 101);
  CHECK(seen.refused == 1);
  CHECK(seen.refused_ms.max == 3);
  CHECK(seen.expired == 1);
  CHECK(seen.failed == 1);
}

TEST_CASE("recovery is when nine tenths are in time again, in two windows in a row", "[lab]") {
  using enum request_fate;
  std::vector<arrival> arrivals;
  add_arrivals(arrivals, 0, 10, expired, 100);
  add_arrivals(arrivals, 10, 10.5, succeeded, 10);
  CHECK(recovery_after(arrivals, 10, 10.5, 100ms) == 0);

  arrivals.clear();
  add_arrivals(arrivals, 10, 10.25, succeeded, 10);  // one window alone is chance
  add_arrivals(arrivals, 10.25, 11, refused, 0);
  add_arrivals(arrivals, 11, 12, succeeded, 100);
  CHECK(recovery_after(arrivals, 10, 12, 100ms) == 1);
  CHECK(recovery_after(arrivals, 10, 12, 99ms) == std::nullopt);
}

TEST_CASE("the best of a sweep is told by goodput and by power", "[lab]") {
  const std::vector<swept_limit> sweep = {
      {.limit = 4, .seen = {.useful_per_second = 50, .at_backend = 4}},
      {.limit = 10, .seen = {.useful_per_second = 100, .at_backend = 10}},
      {.limit = 20, .seen = {.useful_per_second = 110, .at_backend = 20}},
  };
  CHECK(best_throughput(sweep).limit == 20);
  CHECK(best_power(sweep).limit == 10);
  CHECK(load_outcome{}.power() == 0);
}
