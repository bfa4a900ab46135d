#include "libagent/tasks/admission.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("a task is admitted while it fits into four fifths of its time limit", "[tasks]") {
  admission_load load{.tasks_ahead = 14, .capacity = 2, .own = 300ms, .timeout = 3s};
  load.backlog_ahead = 4200ms;  // 2.1 s of waiting
  CHECK(admit_by_estimate("tool", load));
  load.backlog_ahead += 2ns;
  CHECK_FALSE(admit_by_estimate("tool", load));
}

TEST_CASE("a refusal by estimate says what is ahead and when to come back", "[tasks]") {
  const auto refused = admit_by_estimate(
      "index_folder",
      {.tasks_ahead = 12, .backlog_ahead = 8400ms, .capacity = 2, .own = 300ms, .timeout = 3s});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
  CHECK(refused.error().context ==
        "admit index_folder: 12 tasks take about 4.2 s before it and it takes 0.3 s itself, its "
        "time limit is 3.0 s");
  CHECK(refused.error().retry_after == 2100ms);
}

TEST_CASE("who comes back after the time said is admitted", "[tasks]") {
  admission_load load{.backlog_ahead = 10'000'001us, .capacity = 4, .own = 70ms, .timeout = 1s};
  const auto refused = admit_by_estimate("tool", load);
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().retry_after);
  load.backlog_ahead -= 4 * (*refused.error().retry_after - 2ms);
  CHECK_FALSE(admit_by_estimate("tool", load));
  load.backlog_ahead -= 4 * 2ms;
  CHECK(admit_by_estimate("tool", load));
}

TEST_CASE("a task of unknown length is admitted as far as the backlog allows", "[tasks]") {
  admission_load load{
      .tasks_ahead = 1, .backlog_ahead = 800ms, .own = 1h, .timeout = 1s, .has_estimate = false};
  CHECK(admit_by_estimate("tool", load));
  load.backlog_ahead += 20ms;
  const auto refused = admit_by_estimate("tool", load);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().context ==
        "admit tool: 1 task takes about 0.8 s before it and what it takes itself is not known, its "
        "time limit is 1.0 s");
  CHECK(refused.error().retry_after == 20ms);
}

TEST_CASE("a task that seems to take too long is tried when nothing is ahead", "[tasks]") {
  admission_load load{.own = 5s, .timeout = 1s};
  CHECK(admit_by_estimate("tool", load));
  load.tasks_ahead = 1;
  load.backlog_ahead = 30ms;
  const auto refused = admit_by_estimate("tool", load);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().retry_after == 30ms);
  CHECK_THAT(refused.error().context, Catch::Contains("about 30 ms before it"));
}

TEST_CASE("no capacity counts as one", "[tasks]") {
  CHECK(admit_by_estimate("tool", {.backlog_ahead = 800ms, .capacity = 0, .timeout = 1s}));
  CHECK_FALSE(admit_by_estimate("tool", {.backlog_ahead = 801ms, .capacity = 0, .timeout = 1s}));
}

TEST_CASE("one client alone fills half of a queue and leaves room for others", "[tasks]") {
  std::size_t greedy = 0;
  while (within_share(greedy, greedy, 1000, 1.0))
    ++greedy;
  CHECK(greedy == 500);
  std::size_t second = 0;
  while (within_share(second, greedy + second, 1000, 1.0))
    ++second;
  CHECK(second == 250);
  CHECK_FALSE(within_share(greedy, greedy + second, 1000, 1.0));
  CHECK(within_share(0, 999, 1000, 1.0));
  CHECK_FALSE(within_share(0, 1000, 1000, 1.0));
}

TEST_CASE("alpha widens a client's share of a queue", "[tasks]") {
  std::size_t heavy = 0;
  while (within_share(heavy, heavy, 1000, 3.0))
    ++heavy;
  CHECK(heavy == 750);
}
