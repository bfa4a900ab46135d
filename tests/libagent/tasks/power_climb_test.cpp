#include "libagent/tasks/power_climb.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// Gives a climb as much work as it lets through. Every run takes 100 ms, and at most `knee` end in
/// 100 ms.
class kneed_backend {
public:
  kneed_backend(power_climb& climb, std::uint32_t knee) : climb_{climb}, knee_{knee} {}

  void set_knee(std::uint32_t knee) { knee_ = knee; }

  /// Until so many ended, with at most `demand` under way.
  void serve(int ends, std::size_t demand = 10'000, bool useful = true) {
    for (int i = 0; i < ends; ++i) {
      while (starts_.empty() || starts_.size() < std::min<std::size_t>(climb_.limit(), demand)) {
        climb_.on_start(now_);
        starts_.push_back(now_);
      }
      now_ = std::max(starts_.front() + 100ms, now_ + duration{100ms} / knee_);
      climb_.on_end(now_ - starts_.front(), useful, now_);
      starts_.pop_front();
      highest_ = std::max(highest_, climb_.limit());
      lowest_ = std::min(lowest_, climb_.limit());
    }
  }

  /// Since the last call.
  std::uint32_t take_highest() { return std::exchange(highest_, 0); }

  std::uint32_t take_lowest() { return std::exchange(lowest_, ~std::uint32_t{0}); }

private:
  power_climb& climb_;
  std::uint32_t knee_;
  time_point now_{};
  std::deque<time_point> starts_;
  std::uint32_t highest_ = 0;
  std::uint32_t lowest_ = ~std::uint32_t{0};
};

}  // namespace

TEST_CASE("a power climb finds the knee and stays around it", "[tasks]") {
  for (const std::uint32_t knee : {2U, 10U, 40U, 150U}) {
    CAPTURE(knee);
    power_climb climb{{}};
    kneed_backend backend{climb, knee};
    backend.serve(20'000);
    (void)backend.take_highest();
    (void)backend.take_lowest();
    backend.serve(20'000);
    CHECK(backend.take_highest() <= knee * 1.35 + 1);
    CHECK(backend.take_lowest() >= knee * 0.75 - 1);
  }
}

TEST_CASE("a power climb follows a knee that moves, both ways", "[tasks]") {
  power_climb climb{{}};
  kneed_backend backend{climb, 10};
  backend.serve(20'000);
  for (const std::uint32_t knee : {40U, 10U, 3U, 10U}) {
    CAPTURE(knee);
    backend.set_knee(knee);
    backend.serve(20'000);
    CHECK(climb.limit() <= knee * 1.35 + 1);
    CHECK(climb.limit() >= knee * 0.75 - 1);
  }
}

TEST_CASE("a power climb keeps within floor and ceiling, and leaves them again", "[tasks]") {
  power_climb climb{{.initial = 100, .floor = 3, .ceiling = 8}};
  CHECK(climb.limit() == 8);
  kneed_backend backend{climb, 100};
  backend.serve(10'000);
  CHECK(climb.limit() >= 6);
  backend.set_knee(1);
  backend.serve(10'000);
  CHECK(climb.limit() <= 4);
  CHECK(backend.take_highest() == 8);
  CHECK(backend.take_lowest() == 3);
  backend.set_knee(100);
  backend.serve(10'000);
  CHECK(climb.limit() >= 6);
}

TEST_CASE("a climb between equal floor and ceiling is a fixed limit", "[tasks]") {
  power_climb climb{{.initial = 1, .floor = 6, .ceiling = 6}};
  kneed_backend backend{climb, 2};
  CHECK(climb.limit() == 6);
  backend.serve(200);
  CHECK(backend.take_highest() == 6);
  CHECK(backend.take_lowest() == 6);
}

TEST_CASE("a power climb stays where it is while demand does not reach the limit", "[tasks]") {
  power_climb climb{{}};
  kneed_backend backend{climb, 20};
  backend.serve(20'000);
  backend.serve(200, 5);  // what was begun before is over
  const auto limit = climb.limit();
  CHECK(climb.status().frozen);
  backend.serve(20'000, 5);
  CHECK(climb.limit() == limit);
  backend.set_knee(60);
  backend.serve(20'000);
  CHECK_FALSE(climb.status().frozen);
  CHECK(climb.limit() >= 44);
}

TEST_CASE("a power climb stays where it is while it is frozen", "[tasks]") {
  power_climb climb{{}};
  kneed_backend backend{climb, 20};
  backend.serve(20'000);
  climb.set_frozen(true);
  CHECK(climb.status().frozen);
  const auto limit = climb.limit();
  backend.set_knee(100);
  backend.serve(20'000);
  CHECK(climb.limit() == limit);
  climb.set_frozen(false);
  backend.serve(20'000);
  CHECK(climb.limit() >= 74);
}

TEST_CASE("the first search does not climb on epochs that were not compared", "[tasks]") {
  power_climb climb{{}};
  kneed_backend backend{climb, 100};
  for (int i = 0; i < 50; ++i) {
    climb.set_frozen(false);
    backend.serve(30);  // an epoch or so, of which nothing follows
    climb.set_frozen(true);
    backend.serve(100);
  }
  CHECK(climb.limit() <= 100);
}

TEST_CASE("a limit at which nothing ends in time is left downwards", "[tasks]") {
  power_climb climb{{.initial = 64}};
  kneed_backend backend{climb, 200};
  backend.serve(500);
  const auto before = climb.limit();
  backend.serve(10'000, 10'000, false);
  CHECK(climb.limit() < before / 4);
  CHECK(climb.status().goodput == 0);
}

TEST_CASE("the status of a climb tells goodput, latency and power", "[tasks]") {
  power_climb climb{{.initial = 10, .floor = 10, .ceiling = 10}};
  kneed_backend backend{climb, 5};
  backend.serve(500);
  const auto seen = climb.status();
  CHECK(seen.limit == 10);
  CHECK(seen.floor == 10);
  CHECK(seen.ceiling == 10);
  CHECK(seen.in_flight == 9);
  CHECK(seen.latency == 200ms);
  CHECK(seen.goodput == Approx(50).epsilon(0.01));
  CHECK(seen.power == Approx(250).epsilon(0.01));
  CHECK_FALSE(seen.frozen);
}

TEST_CASE("an end without a start and bounds that cross are bugs", "[tasks]") {
  power_climb climb{{}};
  CHECK_THROWS_AS(climb.on_end(1ms, true, time_point{}), contract_violation);
  CHECK_THROWS_AS((power_climb{{.floor = 5, .ceiling = 4}}), contract_violation);
  CHECK_THROWS_AS((power_climb{{.floor = 0}}), contract_violation);
}
