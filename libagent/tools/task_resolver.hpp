#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/tasks/task.hpp"
#include "libagent/tasks/task_entry.hpp"
#include "libagent/tools/tool_info.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Who runs a task: this node's handlers, blocking handlers, workers or waiters, an agent, or
/// another node.
enum class task_runner : std::uint8_t { handler, blocking, worker, waiter, agent, node };

/// A request with everything it left open filled in.
struct resolved_task {
  task_order order;  ///< Without its route, which is the caller's matter.
  task_runner runner = task_runner::handler;
  /// The agent's or the remote tool's name, or the resource that a batch task of a waiter shares
  /// with others; empty otherwise.
  std::string name;
};

/// Finds out what a request asks for, checks its arguments, and says who runs it.
///
/// A local tool wins over one of the same name elsewhere. The batch lane goes to workers;
/// in the interactive lane, inline tools go to handlers and the rest to blocking handlers, and so
/// does a long tool that somebody asked to run as interactive: a handler must never be held.
/// Asynchronous tools go to waiters in either lane. A tool that was moved runs in the batch lane
/// whatever was asked, and its tasks' records say so.
/// Thread safety: none.
class task_resolver {
public:
  static constexpr std::string_view agent_prefix = "agent:";
  static constexpr std::chrono::milliseconds agent_timeout{60'000};

  /// @pre no tool is null, and no two have the same name.
  task_resolver(const std::vector<std::shared_ptr<tool>>& tools,
                const std::vector<agent_info>& agents);

  /// Errors: `not_found` (with the nearest known name), and whatever the tool's check says of the
  /// arguments. The arguments of a tool on another node are checked there.
  [[nodiscard]] expected<resolved_task> resolve(task_request request) const;

  /// A local tool by name; null when there is none.
  [[nodiscard]] std::shared_ptr<tool> find_tool(const std::string& name) const;

  /// The agents that are declared, in place of those before.
  void set_declared(const std::vector<agent_info>& agents);
  [[nodiscard]] bool is_declared(std::string_view agent) const;

  /// From now on the tool's tasks run in the batch lane.
  void move_to_batch(const std::string& tool_name);

  /// Notes what a node can run, in place of what it said before.
  void set_node(const std::string& node, const std::vector<tool_info>& offers);
  void drop_node(const std::string& node);
  /// The nodes that can run a tool, sorted by name.
  [[nodiscard]] std::vector<std::string> nodes_with(const std::string& tool_name) const;

  /// Every tool that can be asked for, sorted by name; local ones hide remote namesakes.
  [[nodiscard]] std::vector<tool_info> list() const;

private:
  [[nodiscard]] expected<resolved_task> resolve_tool(const std::shared_ptr<tool>& what,
                                                     task_request request) const;
  [[nodiscard]] expected<resolved_task> resolve_agent(task_request request) const;
  [[nodiscard]] expected<resolved_task> resolve_remote(task_request request) const;
  [[nodiscard]] error unknown_target(const std::string& target) const;

  std::map<std::string, std::shared_ptr<tool>, std::less<>> tools_;
  std::set<std::string, std::less<>> agents_;    // Written in C++.
  std::set<std::string, std::less<>> declared_;  // Needing no code.
  std::set<std::string, std::less<>> moved_;
  std::map<std::string, std::map<std::string, tool_info>> nodes_;  // By node, then by tool.
};

}  // namespace libagent
