#include "apps/agent/schedules_command.hpp"

#include "apps/agent/cli.hpp"
#include "apps/agent/remote.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/api/iso_time.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/schedule_submission.hpp"
#include "libagent/api/task_page.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/url.hpp"
#include "libagent/record/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <iostream>

namespace libagent::app {

namespace {

constexpr const char* schedules_path = "/v1/schedules";

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

expected<schedule_submission> submission_of(const schedules_command& command) {
  schedule_submission made{.name = command.name,
                           .after = command.after,
                           .cron = unless_empty(command.cron),
                           .task = {.tool = unless_empty(command.tool),
                                    .agent = unless_empty(command.agent),
                                    .arguments = {command.arguments},
                                    .timeout = command.timeout}};
  if (!command.at.empty()) {
    const auto at = read_time(command.at);
    if (!at)
      return at.error();
    made.at = *at;
  }
  if (!command.arguments.empty() && !nlohmann::json::accept(command.arguments)) {
    return error{errc::invalid_argument,
                 "read --arguments: expected JSON, got " + quoted_excerpt(command.arguments)};
  }
  return made;
}

expected<std::vector<schedule_view>> fetch_schedules(remote_agent& server) {
  const auto body = server.get(schedules_path);
  if (!body)
    return body.error();
  return listing_from_json<schedule_view>(*body);
}

int list_schedules(remote_agent& server, const schedules_command& command) {
  const auto schedules = fetch_schedules(server);
  if (!schedules)
    return report_failure(schedules.error());
  if (command.json) {
    print_json(listing_json(*schedules));
    return exit_ok;
  }
  if (schedules->empty())
    complain("there are no schedules");
  std::cout << render_schedules(*schedules);
  return exit_ok;
}

int add_schedule(remote_agent& server, const schedules_command& command) {
  const auto wanted = submission_of(command);
  if (!wanted) {
    complain(to_string(wanted.error()));
    return exit_usage;
  }
  const auto body = server.send("POST", schedules_path, to_json(*wanted));
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto made = from_json<schedule_view>(*body);
  if (!made)
    return report_failure(made.error());
  std::cout << to_string(made->id) << " runs next at " << made->next_due_utc << "\n";
  return exit_ok;
}

/// The id that `word` is, or the id of the schedule that is called so.
expected<task_id> find_schedule(remote_agent& server, const std::string& word) {
  if (const auto id = task_id_from_string(word))
    return *id;
  const auto schedules = fetch_schedules(server);
  if (!schedules)
    return schedules.error();
  const auto found = std::ranges::find(*schedules, word, &schedule_view::name);
  if (found == schedules->end()) {
    return error{errc::not_found, "no schedule is called " + quoted_excerpt(word) +
                                      "; `agent schedules list` shows all"};
  }
  return found->id;
}

int remove_schedules(remote_agent& server, const schedules_command& command) {
  int code = exit_ok;
  for (const auto& word : command.ids) {
    const auto id = find_schedule(server, word);
    if (!id) {
      code = report_failure(id.error());
      continue;
    }
    const auto removed = server.send("DELETE", std::string{schedules_path} + "/" + to_string(*id));
    if (removed) {
      std::cout << word << " removed\n";
    } else {
      code = report_failure(removed.error());
    }
  }
  return code;
}

}  // namespace

expected<unix_millis> read_time(std::string_view text) {
  constexpr std::size_t seconds_digits_max = 10;
  const bool is_number =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number)
    return read_iso_time(text);
  unix_millis number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) {
    return error{errc::invalid_argument,
                 "read time " + quoted_excerpt(text) + ": it is too large for Unix time"};
  }
  return text.size() <= seconds_digits_max ? number * 1'000 : number;
}

int run_schedules(const schedules_command& command, const loaded_config& config) {
  using verb = schedules_command::verb;
  remote_agent server{command.server.value_or(server_url(config.values))};
  switch (command.what) {
    case verb::list: return list_schedules(server, command);
    case verb::add: return add_schedule(server, command);
    case verb::remove: break;
  }
  return remove_schedules(server, command);
}

}  // namespace libagent::app
