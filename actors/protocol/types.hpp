#pragma once

/// The one type-ID block: every type and every atom that travels between actors.
///
/// Append only, never reorder or delete: the numbers go over the wire between nodes.

#include "actors/protocol/child_spec.hpp"
#include "actors/protocol/named_enum_access.hpp"
#include "libagent/cache/cache_requests.hpp"
#include "libagent/cache/cache_types.hpp"
#include "libagent/memory/pressure.hpp"
#include "libagent/nodes/lease_book.hpp"
#include "libagent/nodes/run_token.hpp"
#include "libagent/ports/cache_level.hpp"
#include "libagent/ports/http_server.hpp"
#include "libagent/ports/journal.hpp"
#include "libagent/ports/model_order.hpp"
#include "libagent/ports/session_store.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/session/session_view.hpp"
#include "libagent/session/turn.hpp"
#include "libagent/supervision/tree.hpp"
#include "libagent/tasks/dispatcher_status.hpp"
#include "libagent/tasks/schedule_request.hpp"
#include "libagent/tasks/task.hpp"
#include "libagent/tools/agent_world.hpp"
#include "libagent/tools/tool_info.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/string_view.hpp>
#include <caf/type_id.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

namespace libagent {

// CAF wants these beside the enum to use it as an error code.
bool from_string(caf::string_view text, errc& code);
bool from_integer(std::underlying_type_t<errc> number, errc& code);

}  // namespace libagent

namespace libagent::actors {

/// Carries an observer into the dispatcher. Never leaves the process.
struct observer_ref {
  task_observer_ptr observer;
};

/// One attempt of a task, on its way to an executor of the same process.
struct work_item {
  task_id id;
  std::uint32_t attempt = 0;   ///< With `id` the fencing token: answers repeat it.
  std::uint64_t sequence = 0;  ///< Noted by the executor when it begins; grows with every item.
  std::shared_ptr<tool> what;
  std::shared_ptr<const std::string> arguments;  ///< Never null.
  time_point deadline;
  std::stop_token stop;
  std::shared_ptr<const group_outcome> group;  ///< What its children came to; null: none.
};

/// What to commit to the journal. Never leaves the process.
struct journal_commit {
  std::uint64_t epoch = 0;
  std::shared_ptr<const std::vector<journal_write>> writes;  ///< Never null.
};

/// How an attempt ended: a result, or a failure; or, instead, the children that it waits for.
struct work_outcome {
  std::optional<raw_json> result;
  std::optional<error> failure;
  std::optional<cache_use> cache;  ///< Set when the cache was asked.
  /// How long the tool itself took; absent when it did not run.
  std::optional<std::chrono::microseconds> ran;
  /// How long it kept the thread from others: its computing time, and its waiting time if it
  /// waited; not the time in which other threads had the core.
  std::chrono::microseconds held{0};
  std::optional<task_group> children;
};

template <class Inspector>
bool inspect(Inspector& f, work_outcome& x) {
  return record(f, x, "work_outcome", field("result", "The tool's output.", x.result),
                field("error", "Why there is none.", x.failure),
                field("cache", "How the cache served it.", x.cache),
                field("ran_us", "How long the tool took.", x.ran),
                field("held_us", "How long it held its thread.", x.held)
                    .fallback(std::chrono::microseconds{0}),
                field("children", "What it waits for, to go on afterwards.", x.children));
}

/// What an executor can run: inline tools, blocking ones, batch tasks, or asynchronous tools.
enum class executor_kind : std::uint8_t { handler, blocking, worker, waiter };

/// Reports that executor `kind` is free; the sender is the executor.
template <class Inspector>
bool inspect(Inspector& f, executor_kind& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t raw) {
    if (raw > static_cast<std::uint8_t>(executor_kind::waiter)) {
      return false;
    }
    x = static_cast<executor_kind>(raw);
    return true;
  };
  return f.apply(get, set);
}

/// What an executor's thread is doing, for others to read. Written by the executor only.
struct executor_activity {
  /// The sequence number of the item begun last, which tells a lost executor's begun items from
  /// those that it never touched.
  std::atomic<std::uint64_t> begun{0};
  /// When the tool that runs now was called, in the clock's ticks; 0: none runs.
  std::atomic<duration::rep> running_since{0};
};

/// How an executor announces itself to the dispatcher. Never leaves the process.
struct executor_offer {
  executor_kind kind = executor_kind::handler;
  caf::actor who;
  std::uint32_t credit = 1;                     ///< How many items it takes at a time.
  std::shared_ptr<executor_activity> activity;  ///< Never null.
};

/// What the gateway asks other actors for, on behalf of one HTTP request.
enum class gateway_call : std::uint8_t {
  submit,
  lookup,
  cancel,
  events,
  list_tasks,
  list_tools,
  supervision,
  status,
  metrics,
  readiness,
  retry,
  purge,
  add_schedule,
  list_schedules,
  find_schedule,
  remove_schedule,
};

/// One HTTP request on its way to the gateway actor. Never leaves the process.
struct gateway_request {
  gateway_call call = gateway_call::readiness;
  http_exchange_ptr exchange;
  task_id id;                          ///< For calls about one task or one schedule.
  task_request request;                ///< For submit.
  std::optional<journal_query> query;  ///< For list_tasks; empty: the latest.
  schedule_request plan;               ///< For add_schedule.
};

/// What a node tells its peers of itself.
struct node_offer {
  std::string node;
  std::string version;
  std::vector<tool_info> tools;
  std::uint64_t incarnation = 0;  ///< Random, and another one after every start of the process.
};

template <class Inspector>
bool inspect(Inspector& f, node_offer& x) {
  return record(f, x, "node_offer", field("node", "The node's name.", x.node),
                field("version", "Version of libagent it runs.", x.version),
                field("tools", "What it can run for others.", x.tools),
                field("incarnation", "Which start of it this is.", x.incarnation));
}

/// Carries an observer to a session. Never leaves the process.
struct turn_observer_ref {
  turn_observer_ptr observer;
};

/// How a model's call ended, on its way to the session. Never leaves the process.
struct model_end_ref {
  std::shared_ptr<model_end> end;  ///< Never null.
};

/// What to commit to the session store. Never leaves the process.
struct session_commit {
  std::shared_ptr<const std::vector<session_write>> writes;  ///< Never null.
};

/// What was spent on a day, as the session store knows it. Never leaves the process.
struct spending_of_day {
  std::vector<kept_spending> rows;
};

/// How one attempt of a call ended, on its way back to the gateway. Never leaves the process.
struct model_call_end {
  std::shared_ptr<chat_end> end;  ///< Never null.
};

}  // namespace libagent::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::turn_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::model_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::embedding_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::stored_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::session_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::session_store_stats)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::turn_observer_ref)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::session_commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::spending_of_day)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::model_end_ref)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::turn_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::agent_world_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::model_call_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::stored_value)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::cache_level_stats)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::stored_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::journal_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::journal_commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::child_spec)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::observer_ref)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::work_item)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::gateway_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(libagent::actors::executor_offer)

CAF_BEGIN_TYPE_ID_BLOCK(libagent_types, caf::first_custom_type_id)

CAF_ADD_TYPE_ID(libagent_types, (libagent::errc))
CAF_ADD_TYPE_ID(libagent_types, (libagent::error))
CAF_ADD_TYPE_ID(libagent_types, (libagent::task_id))
CAF_ADD_TYPE_ID(libagent_types, (libagent::raw_json))
CAF_ADD_TYPE_ID(libagent_types, (libagent::lane))
CAF_ADD_TYPE_ID(libagent_types, (libagent::isolation))
CAF_ADD_TYPE_ID(libagent_types, (libagent::effects))
CAF_ADD_TYPE_ID(libagent_types, (libagent::task_state))
CAF_ADD_TYPE_ID(libagent_types, (libagent::task_request))
CAF_ADD_TYPE_ID(libagent_types, (libagent::task_progress))
CAF_ADD_TYPE_ID(libagent_types, (libagent::task_record))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::task_record>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::lane_status))
CAF_ADD_TYPE_ID(libagent_types, (libagent::dispatcher_status))
CAF_ADD_TYPE_ID(libagent_types, (libagent::tool_info))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::tool_info>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::pressure_level))
CAF_ADD_TYPE_ID(libagent_types, (libagent::memory_status))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_verdict))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_outcome))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_name))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::cache_name>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::shared_text))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::shared_text>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_ask))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_answer))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_fill))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_regret))
CAF_ADD_TYPE_ID(libagent_types, (libagent::stored_value))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_level_stats))
CAF_ADD_TYPE_ID(libagent_types, (libagent::cache_stats))
CAF_ADD_TYPE_ID(libagent_types, (libagent::supervision_node))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::supervision_node>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::agent_question))
CAF_ADD_TYPE_ID(libagent_types, (libagent::citation))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::citation>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::agent_answer))
CAF_ADD_TYPE_ID(libagent_types, (libagent::agent_info))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::agent_info>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::child_spec))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::observer_ref))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::work_item))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::work_outcome))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::executor_kind))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::executor_offer))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::node_offer))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::actors::node_offer>))

CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::gateway_request))

// Tasks.
CAF_ADD_ATOM(libagent_types, libagent::actors, submit_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, run_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, lookup_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, list_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, watch_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, cancel_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, status_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, drain_atom)
// Executors.
CAF_ADD_ATOM(libagent_types, libagent::actors, ready_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, execute_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, progress_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, done_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, forward_atom)
// Nodes.
CAF_ADD_ATOM(libagent_types, libagent::actors, hello_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, welcome_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, refuse_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, peer_up_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, peer_down_atom)
// Cache.
CAF_ADD_ATOM(libagent_types, libagent::actors, acquire_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, fulfil_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, abandon_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, cache_get_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, cache_put_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, erase_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, resize_atom)
// Memory.
CAF_ADD_ATOM(libagent_types, libagent::actors, pressure_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, phase_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, allocation_failed_atom)
// Supervision.
CAF_ADD_ATOM(libagent_types, libagent::actors, describe_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, shutdown_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, start_child_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, stop_child_atom)
// HTTP.
CAF_ADD_ATOM(libagent_types, libagent::actors, serve_atom)
// Agents.
CAF_ADD_ATOM(libagent_types, libagent::actors, ask_atom)
// Every actor's own timer.
CAF_ADD_ATOM(libagent_types, libagent::actors, wake_atom)
// The journal.
CAF_ADD_TYPE_ID(libagent_types, (libagent::stored_task))
CAF_ADD_TYPE_ID(libagent_types, (libagent::journal_query))
CAF_ADD_TYPE_ID(libagent_types, (libagent::journal_stats))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::journal_commit))
CAF_ADD_ATOM(libagent_types, libagent::actors, commit_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, retry_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, purge_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, suspend_atom)
// Schedules.
CAF_ADD_TYPE_ID(libagent_types, (libagent::schedule))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::schedule>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::schedule_request))
CAF_ADD_ATOM(libagent_types, libagent::actors, schedule_atom)
// Children of tasks.
CAF_ADD_TYPE_ID(libagent_types, (libagent::task_group))
// Leases between nodes.
CAF_ADD_TYPE_ID(libagent_types, (libagent::run_token))
CAF_ADD_TYPE_ID(libagent_types, (libagent::lease_stats))
CAF_ADD_ATOM(libagent_types, libagent::actors, beat_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, lapse_atom)
// Models.
CAF_ADD_TYPE_ID(libagent_types, (libagent::model_order))
CAF_ADD_TYPE_ID(libagent_types, (libagent::embedding_order))
CAF_ADD_TYPE_ID(libagent_types, (libagent::models_status))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::model_call_end))
CAF_ADD_ATOM(libagent_types, libagent::actors, call_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, embed_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, facts_atom)
// Sessions.
CAF_ADD_TYPE_ID(libagent_types, (libagent::session_name))
CAF_ADD_TYPE_ID(libagent_types, (libagent::session_head))
CAF_ADD_TYPE_ID(libagent_types, (std::vector<libagent::session_head>))
CAF_ADD_TYPE_ID(libagent_types, (libagent::session_query))
CAF_ADD_TYPE_ID(libagent_types, (libagent::stored_session))
CAF_ADD_TYPE_ID(libagent_types, (libagent::session_store_stats))
CAF_ADD_TYPE_ID(libagent_types, (libagent::session_view))
CAF_ADD_TYPE_ID(libagent_types, (libagent::sessions_status))
CAF_ADD_TYPE_ID(libagent_types, (libagent::approval_decision))
CAF_ADD_TYPE_ID(libagent_types, (libagent::turn_request))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::turn_observer_ref))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::session_commit))
CAF_ADD_TYPE_ID(libagent_types, (libagent::turn_result))
CAF_ADD_TYPE_ID(libagent_types, (libagent::agent_world_ptr))
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::model_end_ref))
CAF_ADD_ATOM(libagent_types, libagent::actors, reload_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, turn_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, approve_atom)
CAF_ADD_ATOM(libagent_types, libagent::actors, passivate_atom)
CAF_ADD_TYPE_ID(libagent_types, (libagent::actors::spending_of_day))

CAF_END_TYPE_ID_BLOCK(libagent_types)

CAF_ERROR_CODE_ENUM(libagent::errc)
