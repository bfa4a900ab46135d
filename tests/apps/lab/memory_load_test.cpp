#include "apps/lab/memory_load.hpp"

#include <catch2/catch.hpp>

#include <stop_token>
#include <vector>

using namespace libagent;
using namespace libagent::lab;
using namespace std::chrono_literals;

TEST_CASE("the load is ten times what fits into its limit", "[lab]") {
  const auto load = memory_load_for({}, 512U << 20U);
  CHECK(load.task_bytes == 64U << 20U);
  CHECK(long_per_s(load) == Approx(10 * 6 / 0.35));
}

TEST_CASE("tasks that were accepted and did not end are counted, and those that ended twice",
          "[lab]") {
  load_tally tally;
  for (int i = 0; i < 4; ++i)
    tally.note_accepted();
  tally.note_ended(task_state::succeeded, 5ms);
  tally.note_ended(task_state::expired, 9ms);
  CHECK(tally.wrong() == 2);
  tally.note_ended(task_state::cancelled, 9ms);
  tally.note_ended(task_state::dead, 9ms);
  CHECK(tally.wrong() == 0);
  tally.note_ended_twice();
  CHECK(tally.wrong() == 1);
  const auto shown = tally.to_json_value();
  CHECK(shown.at("succeeded") == 1);
  CHECK(shown.at("expired") == 1);
  CHECK(shown.at("p99 ms") == 5.0);
}

TEST_CASE("both kinds are offered at their rates, and the same by seed", "[lab]") {
  memory_load load;
  load.length = 1s;
  load.short_per_s = 500;
  const auto run = [&load] {
    int shorts = 0;
    std::vector<long_task> longs;
    offer(load, {.submit_short = [&](load_time) { ++shorts; },
                 .submit_long = [&](const long_task& task, load_time) { longs.push_back(task); },
                 .every_quarter_second = [] {}});
    CHECK(shorts > 350);
    CHECK(shorts < 650);
    return longs;
  };
  const auto first = run();
  const auto second = run();
  REQUIRE(first.size() == second.size());
  CHECK(first.size() > 100);
  std::size_t declared = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].hold == second[i].hold);
    CHECK(first[i].hold >= load.hold_min);
    CHECK(first[i].hold <= load.hold_max);
    declared += first[i].is_declared ? 1U : 0U;
  }
  CHECK(declared >= first.size() / 2);
  CHECK(declared <= first.size() / 2 + 1);
}

TEST_CASE("memory is held to the end, unless it is to stop", "[lab]") {
  CHECK(keep_memory(1U << 20U, 0ms, {}));
  std::stop_source stopped;
  stopped.request_stop();
  CHECK_FALSE(keep_memory(1U << 20U, 10min, stopped.get_token()));
}
