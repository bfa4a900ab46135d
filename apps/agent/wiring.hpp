#pragma once

#include "actors/node.hpp"
#include "apps/agent/agents_wiring.hpp"
#include "libagent/adapters/crash_reporter.hpp"
#include "libagent/adapters/emergency_memory.hpp"
#include "libagent/adapters/heap_trimmer.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/agent_options.hpp"
#include "libagent/ports/event_sink.hpp"

#include <functional>
#include <memory>
#include <string>

namespace libagent::app {

/// What a command wants of the node beyond its configuration.
struct wiring_options {
  bool with_peers = false;
  bool with_journal = false;   ///< One process at a time can have it.
  bool with_sessions = false;  ///< Keeps conversations; one process at a time can.
  event_sink_ptr events;
  /// What a client may spend on models in a day; empty: nobody has a limit. Any thread.
  std::function<usage_amount(std::string_view client)> client_budget;
  std::function<void(const expected<endpoint>&)> on_listening = [](const expected<endpoint>&) {};
  std::function<void(const error&)> on_failure = [](const error&) {};
};

/// The agent's node with the real world around it. Members end in reverse order.
struct agent_node {
  std::unique_ptr<crash_reporter> crash_reports;  ///< Null without a journal.
  std::unique_ptr<emergency_memory> reserve;      ///< Null: none is kept.
  std::unique_ptr<heap_trimmer> trimmer;
  std::unique_ptr<actors::node> node;
  std::unique_ptr<agents_folder_watch> agents;  ///< Null: agents stay as they are.
  /// For further threads that interactive tasks wait for; empty: they keep their priority.
  std::function<void()> raise_priority;

  [[nodiscard]] actors::task_client client() const { return node->client(); }
};

/// The tools that the configuration offers, each running where it is called.
/// Errors: a bad option (`errc::invalid_argument`).
[[nodiscard]] expected<std::shared_ptr<const tool_registry>> make_tools(const agent_config& config);

/// Composes adapters, tools, models, declared agents and the supervision tree, and starts them.
/// Errors: a bad option (`errc::invalid_argument`), or what an adapter says.
[[nodiscard]] expected<agent_node> start_agent_node(const loaded_config& loaded,
                                                    const wiring_options& options);

}  // namespace libagent::app
