#include "apps/agent/worker_command.hpp"

#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"
#include "apps/agent/wiring.hpp"
#include "libagent/adapters/child_environment.hpp"
#include "libagent/adapters/worker_server.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace libagent::app {

namespace {

/// What tools may see of ours, and each option that is not at its default: file, environment and
/// flags have become one already. Secrets stay here: no tool has a use for them.
std::vector<std::string> worker_environment(const loaded_config& config) {
  auto all = allowed_environment(own_environment(), {"HOME", "XDG_*", "LD_LIBRARY_PATH"});
  auto values = config.values;
  values.worker.isolation = worker_isolation::threads;  // or workers would start workers
  for (const auto& option : agent_options(values)) {
    const auto origin = config.origins.find(option.key());
    if (option.key() != "worker.isolation" && !option.is_secret() &&
        origin != config.origins.end() && origin->second != "default") {
      all.push_back(option.environment_variable() + "=" + option.text());
    }
  }
  return all;
}

/// Its tools read documents wherever those are, and write to the index only. They start where this
/// process is, because paths may be relative.
sandbox_options worker_sandbox(const agent_config& config) {
  const auto index = data_dir(config);
  std::error_code ignored;
  std::filesystem::create_directories(index, ignored);  // what is missing cannot be allowed
  return {.start_in_folder = false, .readable = {"/"}, .writable = {index.string()}};
}

bool belongs_into_process(const tool_spec& spec, bool long_ones) {
  if (spec.tool_isolation == isolation::process)
    return true;
  return long_ones && spec.tool_lane == lane::batch && spec.bound == work_bound::cpu &&
         spec.tool_isolation != isolation::async_call;
}

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    all.emplace_back(*entry);
  return all;
}

int run_worker(const worker_command&, const loaded_config& config) {
  const auto channel = take_standard_streams();
  if (!channel)
    return report_failure(channel.error());
  const auto tools = make_tools(config.values);
  if (!tools)
    return report_failure(tools.error());
  return serve_worker(*channel, **tools);
}

worker_process_options worker_options(const loaded_config& config, std::size_t count) {
  const auto& worker = config.values.worker;
  return {.program = {"/proc/self/exe", "worker"},
          .environment = worker_environment(config),
          .count_max = count,
          .policy = worker.policy,
          .nice = worker.nice,
          .cgroup_dir = worker.cgroup,
          .sandbox = worker_sandbox(config.values)};
}

expected<tool_registry> in_worker_processes(const tool_registry& tools,
                                            const std::shared_ptr<worker_processes>& processes,
                                            bool long_ones) {
  tool_registry result;
  for (const auto& one : tools.list()) {
    const bool moves = belongs_into_process(one->spec(), long_ones);
    if (auto added = result.add(moves ? in_worker_process(one, processes) : one); !added)
      return added.error();
  }
  return result;
}

std::shared_ptr<tool> apart_of(const tool_registry& tools, const std::string& name,
                               const std::shared_ptr<worker_processes>& processes) {
  auto found = tools.find(name);
  if (!found || found->spec().tool_isolation == isolation::async_call)
    return nullptr;
  return in_worker_process(std::move(found), processes);
}

}  // namespace libagent::app
