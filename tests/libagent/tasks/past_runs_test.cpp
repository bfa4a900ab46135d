#include "libagent/tasks/past_runs.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace libagent;

namespace {

constexpr std::uint64_t this_process = 7;

stored_task run_of(std::uint8_t number, std::uint64_t owner) {
  stored_task stored;
  stored.task.id.bytes[15] = number;
  stored.now.state = task_state::running;
  stored.now.owner = owner;
  return stored;
}

}  // namespace

TEST_CASE("a crash report names the task that did it", "[tasks][journal]") {
  const auto stored = run_of(1, 3);
  const std::vector<past_crash> crashes{
      {.signal = "SIGSEGV", .task = stored.task.id, .target = "t", .backtrace = "frame"}};
  const auto past = judge_past_run(stored, this_process, crashes, true);
  CHECK(past.crashed);
  CHECK_FALSE(past.suspect);
  CHECK(past.report == "it took the process down with SIGSEGV:\nframe");
}

TEST_CASE("a crash report clears the tasks that ran beside it", "[tasks][journal]") {
  const std::vector<past_crash> crashes{{.signal = "SIGABRT", .task = run_of(2, 3).task.id}};
  const auto past = judge_past_run(run_of(1, 3), this_process, crashes, false);
  CHECK_FALSE(past.crashed);
  CHECK_FALSE(past.suspect);
  CHECK(past.report == "the process went down with SIGABRT beside it");
}

TEST_CASE("without a report everything that ran is suspect, or counts when it cannot run apart",
          "[tasks][journal]") {
  const auto apart = judge_past_run(run_of(1, 3), this_process, {}, true);
  CHECK(apart.suspect);
  CHECK_FALSE(apart.crashed);
  const auto inside = judge_past_run(run_of(1, 3), this_process, {}, false);
  CHECK_FALSE(inside.suspect);
  CHECK(inside.crashed);
}

TEST_CASE("a run of this very process is no crash", "[tasks][journal]") {
  const auto past = judge_past_run(run_of(1, this_process), this_process, {}, false);
  CHECK_FALSE(past.crashed);
  CHECK_FALSE(past.suspect);
}

TEST_CASE("a task that waited when the process went down did nothing", "[tasks][journal]") {
  auto stored = run_of(1, 0);
  stored.now.state = task_state::queued;
  const auto can_run_apart = GENERATE(false, true);
  const auto past = judge_past_run(stored, this_process, {}, can_run_apart);
  CHECK_FALSE(past.crashed);
  CHECK_FALSE(past.suspect);
}

TEST_CASE("a long backtrace is cut", "[tasks][journal]") {
  const auto stored = run_of(1, 3);
  const std::vector<past_crash> crashes{
      {.signal = "SIGBUS", .task = stored.task.id, .backtrace = std::string(100'000, 'x')}};
  const auto past = judge_past_run(stored, this_process, crashes, true);
  CHECK(past.report.size() < 2'100);
}
