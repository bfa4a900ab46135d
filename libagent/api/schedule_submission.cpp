#include "libagent/api/schedule_submission.hpp"

#include "libagent/api/iso_time.hpp"
#include "libagent/api/submission.hpp"

#include <string_view>
#include <utility>

namespace libagent {

namespace {

constexpr std::string_view agent_target = "agent:";

expected<void> check_when(const schedule_submission& submission) {
  const auto ways = int{submission.at.has_value()} + int{submission.after.has_value()} +
                    int{submission.cron.has_value()};
  if (ways == 1)
    return {};
  return error{errc::invalid_argument,
               R"(/: give exactly one of "at", "after_ms" and "cron", got )" +
                   std::to_string(ways) + " of them"};
}

/// Names what runs as the API does.
void name_target(std::string_view target, scheduled_task& into) {
  if (target.starts_with(agent_target)) {
    into.agent = std::string{target.substr(agent_target.size())};
  } else {
    into.tool = std::string{target};
  }
}

}  // namespace

expected<schedule_request> to_request(schedule_submission submission) {
  if (const auto when = check_when(submission); !when)
    return when.error();
  if (submission.cron && submission.cron->empty()) {
    return error{errc::invalid_argument,
                 "/cron: expected five fields, as 0 8 * * 1-5, got nothing"};
  }
  auto& task = submission.task;
  auto request = to_request(task_submission{.tool = std::move(task.tool),
                                            .agent = std::move(task.agent),
                                            .arguments = std::move(task.arguments),
                                            .timeout = task.timeout,
                                            .lane_override = task.lane_override,
                                            .level = task.level});
  if (!request)
    return error{request.error().code, "/task" + request.error().context};
  return schedule_request{.name = std::move(submission.name),
                          .at = submission.at,
                          .after = submission.after,
                          .cron = std::move(submission.cron).value_or(std::string{}),
                          .request = *std::move(request)};
}

schedule_view view_of(const schedule& shown) {
  const auto& request = shown.request;
  schedule_view view{.id = shown.id,
                     .name = shown.name,
                     .next_due = shown.next_due,
                     .next_due_utc = iso_time(shown.next_due),
                     .task = {.arguments = request.arguments,
                              .timeout = request.timeout,
                              .lane_override = request.lane_override,
                              .level = request.level},
                     .created_at = shown.created_at,
                     .runs = shown.runs};
  name_target(request.target, view.task);
  if (view.task.arguments.text.empty())
    view.task.arguments.text = "{}";  // What it counts as.
  if (!shown.cron.empty())
    view.cron = shown.cron;
  if (!shown.last_task.is_nil())
    view.last_task = shown.last_task;
  return view;
}

}  // namespace libagent
