#pragma once

/// The typed interfaces of all actors, in one place, because they refer to each other.
/// Each actor's own header documents its messages.

#include "actors/protocol/types.hpp"

#include <caf/result.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_actor.hpp>

namespace libagent::actors {

/// See actors/supervisor.hpp.
using supervisor_actor =
    caf::typed_actor<caf::result<supervision_node>(describe_atom), caf::result<void>(shutdown_atom),
                     caf::result<caf::actor>(start_child_atom, child_spec),
                     caf::result<void>(stop_child_atom, std::string)>;

/// See actors/task_dispatcher.hpp.
using dispatcher_actor = caf::typed_actor<
    // from askers
    caf::result<task_record>(submit_atom, task_request),
    caf::result<task_record>(run_atom, task_request),
    caf::result<void>(submit_atom, task_request, observer_ref),
    caf::result<void>(watch_atom, task_id, observer_ref),
    caf::result<task_record>(lookup_atom, task_id),
    caf::result<std::vector<task_record>>(list_atom),
    caf::result<task_record>(cancel_atom, task_id, std::string),
    caf::result<dispatcher_status>(status_atom),
    caf::result<std::vector<tool_info>>(list_atom, ready_atom), caf::result<void>(drain_atom),
    // from those who look after what is kept
    caf::result<std::vector<task_record>>(list_atom, journal_query),
    caf::result<task_record>(retry_atom, task_id), caf::result<void>(purge_atom, task_id),
    caf::result<void>(suspend_atom),
    // from whoever reads declarations: agents that sessions answer for
    caf::result<void>(reload_atom, std::vector<agent_info>),
    // from those who make plans
    caf::result<schedule>(schedule_atom, schedule_request),
    caf::result<std::vector<schedule>>(list_atom, schedule_atom),
    caf::result<schedule>(cancel_atom, schedule_atom, task_id),
    // from executors
    caf::result<void>(ready_atom, executor_offer),
    caf::result<void>(progress_atom, task_id, std::uint32_t, task_progress),
    caf::result<void>(done_atom, task_id, std::uint32_t, work_outcome),
    // from the cluster
    caf::result<void>(peer_up_atom, node_offer), caf::result<void>(peer_down_atom, std::string),
    // from the memory monitor
    caf::result<void>(pressure_atom, pressure_level),
    // its own timer
    caf::result<void>(wake_atom)>;

/// See actors/journal.hpp.
using journal_actor =
    caf::typed_actor<caf::result<void>(commit_atom, journal_commit),
                     caf::result<stored_task>(lookup_atom, task_id),
                     caf::result<std::vector<task_record>>(list_atom, journal_query),
                     caf::result<journal_stats>(status_atom),
                     // its own timer
                     caf::result<void>(wake_atom)>;

/// See actors/task_executor.hpp.
using executor_actor = caf::typed_actor<caf::result<void>(execute_atom, work_item),
                                        // from the asynchronous tools that it started
                                        caf::result<void>(done_atom, std::uint64_t, work_outcome)>;

/// See actors/agent.hpp: what every agent answers.
using agent_actor = caf::typed_actor<caf::result<agent_answer>(ask_atom, agent_question)>;

/// See actors/cache.hpp.
using cache_actor = caf::typed_actor<
    caf::result<cache_answer>(acquire_atom, cache_ask),
    caf::result<void>(fulfil_atom, cache_name, std::uint64_t, cache_fill),
    caf::result<cache_regret>(abandon_atom, cache_name, std::uint64_t, error),
    caf::result<shared_text>(cache_get_atom, cache_name),
    caf::result<std::vector<shared_text>>(cache_get_atom, std::vector<cache_name>),
    caf::result<void>(cache_put_atom, cache_name, cache_fill),
    caf::result<bool>(erase_atom, cache_name), caf::result<void>(resize_atom, std::uint64_t),
    caf::result<cache_stats>(status_atom), caf::result<void>(pressure_atom, pressure_level),
    caf::result<void>(wake_atom)>;

/// See actors/cache_disk.hpp: the level of the cache that survives a restart.
using cache_disk_actor =
    caf::typed_actor<caf::result<stored_value>(cache_get_atom, cache_name),
                     caf::result<void>(cache_put_atom, cache_name, stored_value),
                     caf::result<void>(erase_atom, cache_name),
                     caf::result<cache_level_stats>(status_atom)>;

/// See actors/memory_monitor.hpp.
using memory_monitor_actor = caf::typed_actor<caf::result<memory_status>(status_atom),
                                              // from executors, for their tools
                                              caf::result<void>(phase_atom, std::string),
                                              caf::result<void>(allocation_failed_atom),
                                              // its own timer
                                              caf::result<void>(wake_atom)>;

/// See actors/gateway.hpp.
using gateway_actor = caf::typed_actor<caf::result<void>(serve_atom, gateway_request)>;

/// See actors/cluster.hpp: stands for all other nodes.
using cluster_actor = caf::typed_actor<
    // from the dispatcher
    caf::result<void>(forward_atom, std::string, task_id, std::uint32_t, task_request),
    caf::result<void>(cancel_atom, task_id, std::string),
    // from whoever wants to know
    caf::result<std::vector<node_offer>>(status_atom),
    caf::result<lease_stats>(status_atom, beat_atom),
    // from its gate; the last element is the gate of the node that says it
    caf::result<void>(hello_atom, node_offer, caf::actor),
    caf::result<void>(welcome_atom, node_offer, caf::actor),
    caf::result<void>(refuse_atom, error, caf::actor),
    caf::result<void>(run_atom, run_token, task_request, caf::actor),
    caf::result<void>(cancel_atom, run_token, std::string, caf::actor),
    caf::result<void>(progress_atom, run_token, task_progress, caf::actor),
    caf::result<void>(done_atom, run_token, work_outcome, caf::actor),
    caf::result<void>(beat_atom, std::uint64_t, std::uint64_t, caf::actor),
    caf::result<void>(lapse_atom, std::uint64_t, caf::actor),
    // from the observers of tasks that it runs for other nodes
    caf::result<void>(watch_atom, std::uint64_t, task_record),
    caf::result<void>(watch_atom, std::uint64_t, error),
    // its own timer
    caf::result<void>(wake_atom)>;

/// See actors/node_gate.hpp: the one actor of a node that other nodes reach.
using node_gate_actor = caf::typed_actor<
    caf::result<void>(hello_atom, node_offer), caf::result<void>(welcome_atom, node_offer),
    caf::result<void>(refuse_atom, error), caf::result<void>(run_atom, run_token, task_request),
    caf::result<void>(cancel_atom, run_token, std::string),
    caf::result<void>(progress_atom, run_token, task_progress),
    caf::result<void>(done_atom, run_token, work_outcome),
    caf::result<void>(beat_atom, std::uint64_t, std::uint64_t),
    caf::result<void>(lapse_atom, std::uint64_t)>;

/// See actors/model_gateway.hpp: all calls of models go through it.
using model_gateway_actor = caf::typed_actor<
    // from sessions; the answer comes by the order's own callback, exactly once
    caf::result<void>(call_atom, model_order), caf::result<void>(embed_atom, embedding_order),
    caf::result<models_status>(status_atom),
    // from the providers' threads
    caf::result<void>(done_atom, std::uint64_t, model_call_end),
    // its own timer
    caf::result<void>(wake_atom)>;

/// See actors/span_exporter.hpp: sends spans to a collector.
using span_exporter_actor = caf::typed_actor<caf::result<void>(drain_atom),
                                             // its own timer, and the web client's thread
                                             caf::result<void>(wake_atom)>;

/// See actors/session_keeper.hpp: the thread of the session store.
using session_keeper_actor =
    caf::typed_actor<caf::result<void>(commit_atom, session_commit),
                     caf::result<stored_session>(lookup_atom, session_name),
                     caf::result<std::vector<session_head>>(list_atom, session_query),
                     caf::result<session_name>(lookup_atom, std::string),  // an approval's id
                     caf::result<spending_of_day>(lookup_atom, std::int64_t),
                     caf::result<session_store_stats>(status_atom),
                     // its own timer
                     caf::result<void>(wake_atom)>;

/// See actors/agent_session.hpp: one conversation.
using agent_session_actor = caf::typed_actor<
    // from the sessions actor
    caf::result<void>(turn_atom, turn_request, turn_observer_ref, agent_world_ptr),
    caf::result<void>(cancel_atom, std::string), caf::result<void>(watch_atom, turn_observer_ref),
    caf::result<session_view>(lookup_atom),
    caf::result<void>(approve_atom, std::string, approval_decision), caf::result<void>(wake_atom),
    // from models, tools and other agents
    caf::result<void>(done_atom, std::uint64_t, model_end_ref),
    caf::result<void>(done_atom, std::string, task_record),
    caf::result<void>(done_atom, std::string, turn_result)>;

/// See actors/sessions.hpp: finds, revives and passivates sessions.
using sessions_actor = caf::typed_actor<
    // from doors; the observer hears of everything
    caf::result<void>(turn_atom, turn_request, turn_observer_ref),
    caf::result<void>(cancel_atom, session_name, std::string),
    caf::result<void>(watch_atom, session_name, turn_observer_ref),
    caf::result<session_view>(lookup_atom, session_name),
    caf::result<std::vector<session_head>>(list_atom, session_query),
    caf::result<void>(erase_atom, session_name),
    caf::result<session_name>(approve_atom, std::string, approval_decision),
    caf::result<sessions_status>(status_atom),
    // from whoever reads declarations
    caf::result<void>(reload_atom, agent_world_ptr),
    // from sessions: a turn goes on by itself; a turn is over
    caf::result<void>(turn_atom, std::uint64_t), caf::result<void>(done_atom, std::uint64_t),
    // from the memory monitor
    caf::result<void>(pressure_atom, pressure_level),
    // its own timer
    caf::result<void>(wake_atom)>;

}  // namespace libagent::actors
