#include "apps/agent/tasks_command.hpp"

#include "apps/agent/cli.hpp"
#include "apps/agent/remote.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/task_page.hpp"
#include "libagent/api/task_query.hpp"
#include "libagent/http/url.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <unistd.h>

namespace libagent::app {

namespace {

using verb = tasks_command::verb;

std::string task_path(const std::string& id) {
  return "/v1/tasks/" + percent_encode(id);
}

/// The listing's path for what the command asks for.
std::string list_path(const tasks_command& command, std::size_t limit) {
  auto path = "/v1/tasks?limit=" + std::to_string(limit);
  if (!command.states.empty())
    path += "&state=" + percent_encode(command.states);
  if (!command.target.empty())
    path += "&target=" + percent_encode(command.target);
  if (command.older_than)
    path += "&before=" + std::to_string(unix_now() - command.older_than->count());
  return path;
}

int list_tasks(remote_agent& server, const tasks_command& command) {
  const auto body = server.get(list_path(command, command.limit));
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto tasks = listing_from_json<task_record>(*body);
  if (!tasks)
    return report_failure(tasks.error());
  if (tasks->empty())
    complain("there are no such tasks");
  std::cout << render_tasks(*tasks, unix_now());
  return exit_ok;
}

int show_task(remote_agent& server, const tasks_command& command, const std::string& id) {
  const auto body = server.get(task_path(id));
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto task = from_json<task_record>(*body);
  if (!task)
    return report_failure(task.error());
  std::cout << render_task(*task, unix_now());
  return exit_ok;
}

/// Does to one task what the command says; returns its state afterwards, as a word.
expected<std::string> change_task(remote_agent& server, verb what, const std::string& id) {
  if (what == verb::purge) {
    const auto purged = server.send("POST", task_path(id) + "/purge");
    return purged ? expected<std::string>{"purged"} : purged.error();
  }
  const auto answer = what == verb::cancel ? server.send("DELETE", task_path(id))
                                           : server.send("POST", task_path(id) + "/retry");
  if (!answer)
    return answer.error();
  const auto task = from_json<task_record>(*answer);
  if (!task)
    return task.error();
  return std::string{name_of(task->state)};
}

int change_tasks(remote_agent& server, const tasks_command& command) {
  int code = exit_ok;
  for (const auto& id : command.ids) {
    if (const auto state = change_task(server, command.what, id)) {
      std::cout << id << " " << *state << "\n";
    } else {
      code = report_failure(state.error());
    }
  }
  return code;
}

expected<std::vector<task_record>> tasks_to_purge(remote_agent& server,
                                                  const tasks_command& command) {
  const auto body = server.get(list_path(command, task_query_limit_max));
  if (!body)
    return body.error();
  return listing_from_json<task_record>(*body);
}

/// Whether the person at the terminal, if there is one, wants it.
bool is_confirmed(const std::string& question) {
  std::cout << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// Purges page after page; returns how many, or why it stopped.
expected<std::size_t> purge_found(remote_agent& server, const tasks_command& command,
                                  std::vector<task_record> found) {
  std::size_t purged = 0;
  while (!found.empty()) {
    for (const auto& task : found) {
      if (const auto done = server.send("POST", task_path(to_string(task.id)) + "/purge"); !done)
        return done.error();
      ++purged;
    }
    auto more = tasks_to_purge(server, command);
    if (!more)
      return more.error();
    found = *std::move(more);
  }
  return purged;
}

int purge_by_state(remote_agent& server, const tasks_command& command) {
  auto found = tasks_to_purge(server, command);
  if (!found)
    return report_failure(found.error());
  const auto count = std::to_string(found->size()) +
                     (found->size() == task_query_limit_max ? " or more tasks" : " tasks");
  if (!found->empty() && !command.yes) {
    if (isatty(STDIN_FILENO) != 1) {
      complain("this would purge " + count + " for good; add --yes to do it");
      return exit_usage;
    }
    if (!is_confirmed("Purge " + count + " for good?"))
      return exit_interrupted;
  }
  const auto purged = purge_found(server, command, *std::move(found));
  if (!purged)
    return report_failure(purged.error());
  std::cout << *purged << " tasks purged\n";
  return exit_ok;
}

int purge_tasks(remote_agent& server, const tasks_command& command) {
  if (!command.ids.empty())
    return change_tasks(server, command);
  if (command.states.empty()) {
    complain("say which: UUIDs of tasks, or --state, for example --state dead,failed");
    return exit_usage;
  }
  const auto states = read_states(command.states);
  if (!states) {
    complain(to_string(states.error()));
    return exit_usage;
  }
  if (!std::ranges::all_of(*states, is_terminal)) {
    complain("only tasks that have ended can be purged; cancel the others first");
    return exit_usage;
  }
  return purge_by_state(server, command);
}

}  // namespace

int run_tasks(const tasks_command& command, const loaded_config& config) {
  remote_agent server{command.server.value_or(server_url(config.values))};
  switch (command.what) {
    case verb::list: return list_tasks(server, command);
    case verb::show: return show_task(server, command, command.ids.front());
    case verb::purge: return purge_tasks(server, command);
    case verb::retry:
    case verb::cancel: break;
  }
  return change_tasks(server, command);
}

}  // namespace libagent::app
