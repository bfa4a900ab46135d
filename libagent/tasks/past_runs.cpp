#include "libagent/tasks/past_runs.hpp"

#include <algorithm>

namespace libagent {

namespace {

constexpr std::size_t backtrace_bytes_max = 2'000;

std::string report_of(const past_crash& crash) {
  auto text = "it took the process down with " + crash.signal;
  if (!crash.backtrace.empty())
    text += ":\n" + crash.backtrace.substr(0, backtrace_bytes_max);
  return text;
}

}  // namespace

past_run judge_past_run(const stored_task& stored, std::uint64_t incarnation,
                        const std::vector<past_crash>& crashes, bool can_run_apart) {
  if (stored.now.state != task_state::running)
    return {};
  if (stored.now.owner == incarnation)
    return {.report = "the dispatcher was restarted while it ran"};
  const auto own = std::ranges::find_if(
      crashes, [&](const past_crash& crash) { return crash.task == stored.task.id; });
  if (own != crashes.end())
    return {.crashed = true, .report = report_of(*own)};
  if (!crashes.empty())
    return {.report = "the process went down with " + crashes.front().signal + " beside it"};
  return {.crashed = !can_run_apart,
          .suspect = can_run_apart,
          .report = "the process was killed while it ran"};
}

}  // namespace libagent
