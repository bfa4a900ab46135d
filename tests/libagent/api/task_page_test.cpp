#include "libagent/api/task_page.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using Catch::Contains;

namespace {

constexpr unix_millis noon = 1'709'208'000'000;  // 2024-02-29T12:00:00Z

task_record dead_task() {
  return {.id = make_task_id(noon, 1, 2),
          .target = "resize",
          .state = task_state::dead,
          .attempt = 3,
          .accepted_at = noon,
          .ended_at = noon + 60'000,
          .failure = error{errc::crashed, "SIGSEGV in resize\n#0 main\n#1 start\x1b[2J"},
          .crashes = 3};
}

}  // namespace

TEST_CASE("an age is in its largest whole unit", "[api]") {
  CHECK(age_text(0, 59'999) == "59s");
  CHECK(age_text(0, 60'000) == "1m");
  CHECK(age_text(0, 7'199'999) == "1h");
  CHECK(age_text(0, 86'400'000 * 3) == "3d");
  CHECK(age_text(10, 0) == "0s");
}

TEST_CASE("tasks are shown in aligned lines with the first line of their error", "[api]") {
  const task_record queued{.id = make_task_id(noon, 3, 4), .target = "calculate"};
  const auto page = render_tasks({dead_task(), queued}, noon + 120'000);
  CHECK_THAT(page, Contains("3/3       2m") && Contains("crashed: SIGSEGV in resize\n"));
  CHECK_THAT(page, !Contains("#0 main"));
  const auto titles = page.substr(0, page.find('\n'));
  const auto first = page.substr(titles.size() + 1);
  CHECK(titles.find("STATE") == first.find("dead"));
  CHECK(titles.find("TOOL") == first.find("resize"));
  CHECK(render_tasks({}, noon).empty());
}

TEST_CASE("a task is shown with its whole crash report and no control characters", "[api]") {
  const auto page = render_task(dead_task(), noon + 120'000);
  CHECK_THAT(page, Contains("attempts   3, of which 3 crashed\n"));
  CHECK_THAT(page, Contains("accepted   2024-02-29T12:00:00Z (2m ago)\n"));
  CHECK_THAT(page, Contains("\n           #0 main\n           #1 start [2J\n"));
  CHECK_THAT(page, !Contains("\x1b") && !Contains("deadline") && !Contains("key"));
}

TEST_CASE("schedules are shown with when they run next", "[api]") {
  const auto page = render_schedules({{.name = "morning",
                                       .cron = "0 8 * * *",
                                       .next_due_utc = "2024-03-01T08:00:00Z",
                                       .task = {.agent = "documents"},
                                       .runs = 2}});
  CHECK_THAT(page, Contains("2024-03-01T08:00:00Z  0 8 * * *  2     agent:documents  morning\n"));
}
