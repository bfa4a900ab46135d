#include "apps/agent/cli_groups.hpp"

#include "libagent/base/units.hpp"

#include <optional>
#include <string>
#include <utility>

namespace libagent::app {

namespace {

CLI::App* add_group(CLI::App& app, const char* name, const char* help) {
  auto* added = app.add_subcommand(name, help);
  added->fallthrough();
  added->require_subcommand(1);
  return added;
}

/// Adds the commands of one group.
template <class Command>
class verb_adder {
public:
  verb_adder(CLI::App* group, Command& into, std::function<void()> chosen)
      : group_{group}, into_{&into}, chosen_{std::move(chosen)} {}

  CLI::App* operator()(const char* name, const char* help, typename Command::verb what) const {
    auto* added = group_->add_subcommand(name, help);
    added->fallthrough();
    added->callback([into = into_, chosen = chosen_, what] {
      into->what = what;
      chosen();
    });
    added->add_option("--server", into_->server,
                      "URL of the server (default: the configured port)");
    return added;
  }

private:
  CLI::App* group_;
  Command* into_;
  std::function<void()> chosen_;
};

/// An option whose value is a length of time, as 90s or 1h.
CLI::Option* add_time_option(CLI::App* command, const char* flag,
                             std::optional<std::chrono::milliseconds>& into, const char* help) {
  return command
      ->add_option_function<std::string>(
          flag,
          [flag, &into](const std::string& text) {
            const auto length = parse_duration(text);
            if (!length)
              throw CLI::ValidationError{flag, length.error().context};
            into = std::chrono::duration_cast<std::chrono::milliseconds>(*length);
          },
          help)
      ->type_name("TIME");
}

void declare_purge(CLI::App* purge, tasks_command& into) {
  auto* ids = purge->add_option("id", into.ids, "UUIDs of tasks");
  auto* states = purge->add_option("--state", into.states, "All of these, for example dead,failed");
  states->excludes(ids);
  purge->add_option("--tool", into.target, "Only those of this tool, or of agent:NAME")
      ->needs(states);
  add_time_option(purge, "--older-than", into.older_than, "Only what ended longer ago, as 1h")
      ->needs(states);
  purge->add_flag("--yes", into.yes, "Do not ask");
}

}  // namespace

void declare_tasks(CLI::App& app, tasks_command& into, const std::function<void()>& chosen) {
  using verb = tasks_command::verb;
  const verb_adder add{
      add_group(app, "tasks", "List, show, retry, cancel or purge a server's tasks"), into, chosen};
  auto* list = add("list", "List the tasks that are kept", verb::list);
  list->add_option("--state", into.states, "Only these, for example dead,failed");
  list->add_option("--tool", into.target, "Only those of this tool, or of agent:NAME");
  list->add_option("--limit", into.limit, "At most this many")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  list->add_flag("--json", into.json, "Print them as JSON");
  auto* show = add("show", "Show all that is known of a task", verb::show);
  show->add_option("id", into.ids, "Its UUID")->required()->expected(1);
  show->add_flag("--json", into.json, "Print it as JSON");
  add("retry", "Run ended tasks again", verb::retry)
      ->add_option("id", into.ids, "UUIDs of tasks")
      ->required();
  add("cancel", "Cancel tasks", verb::cancel)
      ->add_option("id", into.ids, "UUIDs of tasks")
      ->required();
  declare_purge(add("purge", "Forget ended tasks for good", verb::purge), into);
}

void declare_schedules(CLI::App& app, schedules_command& into,
                       const std::function<void()>& chosen) {
  using verb = schedules_command::verb;
  const verb_adder add_verb{
      add_group(app, "schedules", "List, add or remove what a server runs at its time"), into,
      chosen};
  auto* list = add_verb("list", "List the schedules", verb::list);
  list->add_flag("--json", into.json, "Print them as JSON");
  auto* remove = add_verb("remove", "Remove schedules", verb::remove);
  remove->add_option("id", into.ids, "UUIDs or names")->required();
  auto* add = add_verb("add", "Run a tool at a time, after a while, or again and again", verb::add);
  auto* when = add->add_option_group("when", "Exactly one of these says when");
  when->add_option("--at", into.at, "Once, at 2026-01-31T08:00:00Z or a Unix time");
  add_time_option(when, "--after", into.after, "Once, after this time, as 5m");
  when->add_option("--cron", into.cron, "Again and again: five cron fields in UTC, or @daily");
  when->require_option(1);
  auto* target = add->add_option_group("target", "Exactly one of these is run");
  target->add_option("--tool", into.tool, "Name of the tool");
  target->add_option("--agent", into.agent, "Name of the agent");
  target->require_option(1);
  add->add_option("--name", into.name, "A name, for `agent schedules remove`");
  add->add_option("--arguments", into.arguments, "Its input as JSON");
  add_time_option(add, "--timeout", into.timeout, "Time limit of each run, as 30s");
  add->add_flag("--json", into.json, "Print the schedule as JSON");
}

void declare_sessions(CLI::App& app, sessions_command& into, const std::function<void()>& chosen) {
  using verb = sessions_command::verb;
  const verb_adder add{add_group(app, "sessions", "List, show or delete a server's conversations"),
                       into, chosen};
  auto* list = add("list", "List them, the latest changed first", verb::list);
  list->add_option("--agent", into.agent, "Only those of this agent");
  list->add_flag("--open", into.open, "Only those with an open turn");
  list->add_option("--limit", into.limit, "At most this many")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  list->add_flag("--json", into.json, "Print them as JSON");
  auto* show = add("show", "Show what was said in one", verb::show);
  show->add_option("name", into.ids, "Its name")->required()->expected(1);
  show->add_flag("--json", into.json, "Print it as JSON");
  add("delete", "Forget sessions for good", verb::remove)
      ->add_option("name", into.ids, "Names of sessions")
      ->required();
}

void declare_approvals(CLI::App& app, approvals_command& into,
                       const std::function<void()>& chosen) {
  using verb = approvals_command::verb;
  const verb_adder add{
      add_group(app, "approvals", "List, allow or deny tool calls that wait for a person"), into,
      chosen};
  add("list", "List what waits", verb::list)->add_flag("--json", into.json, "Print it as JSON");
  add("allow", "Let tool calls run", verb::allow)
      ->add_option("id", into.ids, "Ids of approvals")
      ->required();
  auto* deny = add("deny", "Do not let tool calls run", verb::deny);
  deny->add_option("id", into.ids, "Ids of approvals")->required();
  deny->add_option("--reason", into.reason, "Told to the model");
}

}  // namespace libagent::app
