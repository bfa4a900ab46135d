#pragma once

/// What an agent's loop wants done. Its session performs the actions in their order.

#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/turn.hpp"
#include "libagent/tasks/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace libagent {

/// To be appended to the journal. Only for conversations that are kept.
struct commit_events {
  std::vector<std::string> events;  ///< JSON texts.
  std::uint64_t first = 0;          ///< Number of the first one, counted from 0.
  /// The actions behind this one must wait until it is on disk. Otherwise they need not.
  bool must_be_stored = false;
  std::string agent;  ///< Who answers from now on.
  bool has_open_turn = false;
  std::vector<std::string> approvals;  ///< That wait from now on; replaces those before.
};

/// A model is to be called; answered by `agent_loop::on_model_end` with the same number.
struct order_model {
  std::uint64_t order = 0;
  std::string model;  ///< `PROVIDER/MODEL`.
  std::shared_ptr<const chat_request> request;
  /// Whether the observer hears it as it is written. Otherwise the loop tells what may be told.
  bool stream = true;
  bool in_one_piece = false;  ///< As in `chat_call`.
  bool passes_calls = false;  ///< The calls are the caller's: it hears their pieces too.
  time_point deadline = time_point::max();
  std::string agent;
  std::string trace;  ///< W3C traceparent; empty: none.
  std::string client;
  criticality level = criticality::critical;
  std::optional<std::uint64_t> cost_left_micro;  ///< Of the turn; absent: no limit.
  std::uint64_t agent_budget_micro = 0;          ///< Of the agent in a day; 0: no limit.
};

/// End this call; its end is still waited for.
struct stop_model {
  std::uint64_t order = 0;
};

/// A tool is to run; answered by `agent_loop::on_tool_end` with the same call.
struct run_tool {
  std::string call;  ///< Id of the call within its step.
  std::string tool;
  std::string arguments;  ///< A JSON object that fits the tool's schema.
  std::string key;        ///< The same one again means the same run. Empty for pure tools.
  effects tool_effects = effects::idempotent;
  time_point deadline = time_point::max();
  std::string trace;
  std::string client;
  criticality level = criticality::critical;
};

/// Another agent is to be asked; answered by `agent_loop::on_tool_end` with the same call.
struct ask_agent {
  std::string call;
  std::string agent;
  std::string question;
  std::string key;  ///< The same one again means the same question.
  time_point deadline = time_point::max();
  std::string trace;
  std::string client;
  criticality level = criticality::critical;
  std::optional<std::uint64_t> cost_left_micro;  ///< Absent: no limit.
};

/// Nobody waits for this call's result any more.
struct stop_tool {
  std::string call;
};

/// The response cache is to be asked; answered by `agent_loop::on_cache`. The key holds the client.
struct ask_cache {
  std::string key;
};

/// What to put into the response cache. Follows each `ask_cache` that was answered with a miss,
/// exactly once, but for `agent_loop::abandon`.
struct fill_cache {
  std::string key;
  std::string value;  ///< Empty: there is nothing to keep.
};

/// Something to tell the turn's observer, if somebody listens.
struct tell {
  turn_update update;
};

/// Another agent answers from now on.
struct hand_over {
  std::string agent;
};

/// Call `agent_loop::on_deadline` then; replaces the one before. `max()`: there is none now.
struct set_deadline {
  time_point at = time_point::max();
};

/// Nothing goes on until a person decides: the observer hears the end (`needs_approval`), the turn
/// stays open and may wait on disk. Goes on with `agent_loop::on_approval`.
struct pause_turn {
  turn_result result;
};

/// The turn is over; the last action of a turn, exactly one. `session` is left for the receiver.
struct end_turn {
  turn_result result;
};

using loop_action =
    std::variant<commit_events, order_model, stop_model, run_tool, ask_agent, stop_tool, ask_cache,
                 fill_cache, tell, hand_over, set_deadline, pause_turn, end_turn>;
using loop_actions = std::vector<loop_action>;

}  // namespace libagent
