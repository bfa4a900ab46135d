#include "libagent/tasks/recent_quantile.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

double quantile_error(duration found, duration exact) {
  return std::abs(static_cast<double>((found - exact).count())) /
         static_cast<double>(exact.count());
}

}  // namespace

TEST_CASE("a recent quantile of one length is that length within 5 percent", "[tasks]") {
  const auto length = GENERATE(as<duration>{}, 1us, 50us, 999us, 300ms, 7s, 23h);
  recent_quantile p90{0.9};
  CHECK(p90.value() == 0s);
  p90.note(length);
  CHECK(quantile_error(p90.value(), length) <= 0.05);
}

TEST_CASE("lengths out of range count as the nearest bound", "[tasks]") {
  recent_quantile p90{0.9};
  p90.note(-1s);
  CHECK(quantile_error(p90.value(), 1us) <= 0.05);
  recent_quantile high{0.9};
  high.note(duration::max());
  CHECK(quantile_error(high.value(), 24h) <= 0.05);
}

TEST_CASE("a recent quantile agrees with sorting over a wide range of lengths", "[tasks]") {
  const auto seed = GENERATE(range(0U, 8U));
  CAPTURE(seed);
  seeded_random random{seed};
  recent_quantile p90{0.9};
  std::vector<std::pair<duration, double>> noted;
  for (int i = 0; i < 3000; ++i) {
    const auto length = std::chrono::microseconds{std::llround(std::exp(15 * random.unit()))};
    p90.note(length);
    noted.emplace_back(length, std::pow(1.005, i));
  }
  std::ranges::sort(noted);
  double total = 0;
  for (const auto& [length, weight] : noted)
    total += weight;
  double sum = 0;
  const auto exact = std::ranges::find_if(
      noted, [&](const auto& one) { return (sum += one.second) >= 0.9 * total; });
  CHECK(quantile_error(p90.value(), exact->first) <= 0.05);
}

TEST_CASE("a recent quantile follows within some hundred notes, also after very many", "[tasks]") {
  recent_quantile p90{0.9};
  for (int i = 0; i < 20'000; ++i)  // Far past the point where the weights are scaled back.
    p90.note(1ms);
  for (int i = 0; i < 10; ++i)
    p90.note(100ms);
  CHECK(quantile_error(p90.value(), 1ms) <= 0.05);
  for (int i = 0; i < 20; ++i)
    p90.note(100ms);
  CHECK(quantile_error(p90.value(), 100ms) <= 0.05);
  for (int i = 0; i < 600; ++i)
    p90.note(2ms);
  CHECK(quantile_error(p90.value(), 2ms) <= 0.05);
}
