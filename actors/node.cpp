#include "actors/node.hpp"

#include "actors/bridge/asking.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/node_tree.hpp"
#include "actors/paths.hpp"
#include "actors/supervisor.hpp"
#include "libagent/base/contract.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <mutex>
#include <utility>

namespace libagent::actors {

namespace {

constexpr auto tree_patience = std::chrono::seconds{3};
/// Beyond the longest shutdown of a child, with the kills after it.
/// For the last commit.
constexpr auto suspend_patience = std::chrono::seconds{5};
constexpr auto shutdown_patience = std::chrono::seconds{10};

actor_system_options system_options(const node_options& options, const node_parts& parts) {
  return {.threads = options.pool_threads,
          .policy = options.pool_policy,
          .max_throughput = options.pool_throughput,
          .on_pool_thread = parts.raise_priority,
          .networked = options.peers.has_value(),
          .events = parts.events};
}

}  // namespace

struct node::impl {
  impl(const node_options& options, std::shared_ptr<const tool_registry> given_tools,
       std::vector<agent_spec> given_agents, const node_parts& parts)
      : tools{std::move(given_tools)},
        agents{std::move(given_agents)},
        windows{std::make_shared<context_windows>()},
        world{make_world(parts.declared)},
        config{system_options(options, parts)},
        system{config} {
    root = spawn_root_supervisor(system, make_node_tree(options, parts, *tools, agents, world));
    caf::actor_cast<caf::actor>(root)->attach_functor(
        [report = parts.on_failure](const caf::error& reason) {
          if (reason && reason != caf::exit_reason::user_shutdown)
            report(from_caf_error(reason));
        });
  }

  [[nodiscard]] std::vector<agent_info> written() const {
    std::vector<agent_info> infos;
    infos.reserve(agents.size());
    for (const auto& agent : agents)
      infos.push_back(agent.info);
    return infos;
  }

  [[nodiscard]] agent_world_ptr make_world(const std::vector<agent_declaration>& declared) const {
    return std::make_shared<const agent_world>(
        agent_world{.tools = std::make_shared<const registry_catalog>(tools),
                    .agents = std::make_shared<const fixed_agents>(declared, written()),
                    .windows = windows});
  }

  [[nodiscard]] agent_world_ptr current_world() const {
    const std::lock_guard guard{mutex};
    return world;
  }

  std::shared_ptr<const tool_registry> tools;
  std::vector<agent_spec> agents;
  std::shared_ptr<context_windows> windows;
  mutable std::mutex mutex;  ///< Guards `world`.
  agent_world_ptr world;
  actor_system_config config;
  caf::actor_system system;
  supervisor_actor root;  // Reset by `stop`: CAF waits for every actor that has a handle.
};

node::node(std::unique_ptr<impl> started) : impl_{std::move(started)} {}

expected<std::unique_ptr<node>> node::start(const node_options& options,
                                            std::shared_ptr<const tool_registry> tools,
                                            std::vector<agent_spec> agents,
                                            const node_parts& parts) {
  LIBAGENT_EXPECTS(tools != nullptr);
  std::unique_ptr<node> started{
      new node{std::make_unique<impl>(options, std::move(tools), std::move(agents), parts)}};
  // A supervisor starts its children before it answers, so this answer means that all are there.
  if (auto tree = started->tree(); !tree)
    return error{errc::unavailable, "start the node: " + to_string(tree.error())};
  return started;
}

node::~node() {
  if (impl_->root)
    stop(std::chrono::milliseconds{0});
}

caf::actor_system& node::system() {
  return impl_->system;
}

const std::shared_ptr<const tool_registry>& node::tools() const {
  return impl_->tools;
}

std::vector<agent_info> node::agents() const {
  return impl_->current_world()->agents->list();
}

void node::set_declared(const std::vector<agent_declaration>& declared) {
  const auto world = impl_->make_world(declared);
  {
    const std::lock_guard guard{impl_->mutex};
    impl_->world = world;
  }
  // Sessions first: they must know an agent before a task can ask for it.
  if (const auto sessions = find<sessions_actor>(impl_->system, sessions_path))
    caf::anon_send<urgent>(sessions, reload_atom_v, world);
  std::vector<agent_info> infos;
  infos.reserve(declared.size());
  for (const auto& agent : declared)
    infos.push_back({.name = agent.name, .description = agent.description});
  if (const auto dispatcher = find<dispatcher_actor>(impl_->system, dispatcher_path))
    caf::anon_send<urgent>(dispatcher, reload_atom_v, std::move(infos));
}

session_client node::sessions() {
  return session_client{impl_->system};
}

task_client node::client() {
  return {impl_->system, impl_->tools};
}

expected<supervision_node> node::tree() {
  if (!impl_->root)
    return error{errc::unavailable, "describe the tree: the node was stopped"};
  return ask_and_wait<supervision_node>(impl_->system, impl_->root, tree_patience, describe_atom_v);
}

stop_outcome node::stop(std::chrono::milliseconds grace) {
  stop_outcome outcome;
  if (!impl_->root)
    return outcome;
  if (const auto dispatcher = find<dispatcher_actor>(impl_->system, dispatcher_path);
      dispatcher && grace.count() > 0) {
    outcome.drained =
        ask_and_wait<void>(impl_->system, dispatcher, grace, drain_atom_v).has_value();
  }
  if (const auto dispatcher = find<dispatcher_actor>(impl_->system, dispatcher_path); dispatcher) {
    outcome.kept =
        ask_and_wait<void>(impl_->system, dispatcher, suspend_patience, suspend_atom_v).has_value();
  }
  outcome.shut_down =
      ask_and_wait<void>(impl_->system, impl_->root, shutdown_patience, shutdown_atom_v)
          .has_value();
  impl_->root = nullptr;
  return outcome;
}

void node::hurry() {
  if (const auto dispatcher = find<dispatcher_actor>(impl_->system, dispatcher_path))
    caf::anon_send<caf::message_priority::high>(dispatcher, suspend_atom_v);
}

}  // namespace libagent::actors
