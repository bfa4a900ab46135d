#include "apps/agent/local_run.hpp"

#include "apps/agent/event_log.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent::app {

namespace {

bool log_was_asked_for(const option_origins& origins) {
  return std::ranges::any_of(std::array{"log.level", "log.file"}, [&](const char* key) {
    const auto found = origins.find(key);
    return found != origins.end() && found->second != "default";
  });
}

}  // namespace

expected<agent_node> start_local_node(const loaded_config& config, bool keeps_sessions) {
  wiring_options options{.with_sessions = keeps_sessions};
  if (log_was_asked_for(config.origins)) {
    auto log = open_event_log(config.values.log);
    if (!log)
      return log.error();
    options.events = *std::move(log);
  }
  return start_agent_node(config, options);
}

expected<raw_json> run_locally(const agent_node& node, task_request request,
                               const std::stop_token& stop) {
  progress_display display;
  const auto ended = node.client().run(std::move(request), stop, [&display](const auto& record) {
    if (record.progress)
      display.show(*record.progress);
  });
  if (!ended)
    return ended.error();
  if (ended->state == task_state::succeeded && ended->result)
    return *ended->result;
  return ended->failure.value_or(error{errc::internal, "the task ended without a result"});
}

expected<void> refresh_index(const agent_node& node, const std::stop_token& stop) {
  auto indexed = run_locally(node, {.target = "index_folder"}, stop);
  if (!indexed)
    return indexed.error();
  return {};
}

expected<agent_answer> ask_documents(const agent_node& node, const agent_question& question,
                                     const std::stop_token& stop) {
  const auto output = run_locally(
      node,
      {.target = std::string{"agent:"} + documents_agent_name, .arguments = {to_json(question)}},
      stop);
  if (!output)
    return output.error();
  return from_json<agent_answer>(output->text);
}

}  // namespace libagent::app
