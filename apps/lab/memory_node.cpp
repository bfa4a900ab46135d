#include "apps/lab/memory_node.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/adapters/proc_memory_probe.hpp"
#include "libagent/adapters/thread_priority.hpp"
#include "libagent/memory/memory_budget.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <utility>

namespace libagent::lab {

namespace {

constexpr int worker_niceness = 19;

expected<std::uint64_t> budget_here() {
  auto bounds = read_memory_bounds();
  if (!bounds)
    return bounds.error();
  bounds->machine_share = 0.5;
  return derive_budget(*bounds).bytes;
}

}  // namespace

expected<std::unique_ptr<memory_node>> memory_node::start(
    const memory_node_options& options, const std::shared_ptr<const tool_registry>& tools) {
  std::unique_ptr<memory_node> made{new memory_node};
  const auto budget =
      options.budget_bytes > 0 ? expected<std::uint64_t>{options.budget_bytes} : budget_here();
  if (!budget)
    return budget.error();
  made->budget_bytes_ = *budget;
  auto probe = proc_memory_probe::open();
  if (!probe)
    return probe.error();
  actors::node_options node{.workers = options.workers};
  node.memory.budget_bytes = *budget;
  if (options.trims) {
    made->trimmer_ = std::make_unique<heap_trimmer>();
    node.memory.release_free_memory = [trimmer = made->trimmer_.get()] { trimmer->request(); };
  }
  const actors::node_parts parts{.probe = *std::move(probe), .lower_priority = [] {
                                   (void)set_thread_niceness(worker_niceness);
                                 }};
  auto started = actors::node::start(node, tools, {}, parts);
  if (!started)
    return started.error();
  made->node_ = *std::move(started);
  return made;
}

memory_status memory_node::status() {
  memory_status seen;
  const auto monitor =
      actors::find<actors::memory_monitor_actor>(node_->system(), actors::memory_monitor_path);
  if (!monitor)
    return seen;
  caf::scoped_actor self{node_->system()};
  self->request(monitor, std::chrono::seconds{1}, actors::status_atom_v)
      .receive([&seen](const memory_status& answer) { seen = answer; }, [](const caf::error&) {});
  return seen;
}

}  // namespace libagent::lab
