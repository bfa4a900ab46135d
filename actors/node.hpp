#pragma once

/// A whole node: the supervision tree with everything that runs tasks. What a program embeds.

#include "actors/agent.hpp"
#include "actors/bridge/actor_system.hpp"
#include "actors/cache.hpp"
#include "actors/cache_disk.hpp"
#include "actors/memory_monitor.hpp"
#include "actors/model_gateway.hpp"
#include "actors/session_client.hpp"
#include "actors/span_exporter.hpp"
#include "actors/task_client.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/nodes/endpoint.hpp"
#include "libagent/nodes/lease_book.hpp"
#include "libagent/ports/event_sink.hpp"
#include "libagent/ports/journal_access.hpp"
#include "libagent/ports/memory_probe.hpp"
#include "libagent/ports/session_store.hpp"
#include "libagent/ports/span_sink.hpp"
#include "libagent/ports/thread_usage.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/session_residents.hpp"
#include "libagent/supervision/supervision_rules.hpp"
#include "libagent/supervision/tree.hpp"
#include "libagent/tasks/past_runs.hpp"
#include "libagent/tasks/task_limits.hpp"
#include "libagent/tools/agent_world.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::actors {

/// How a node meets others. Absent: it stays alone and opens no port.
struct peer_options {
  std::optional<endpoint> listen;  ///< Port 0: any free one.
  std::vector<endpoint> join;
  lease_limits leases;
  /// Told, on the cluster's thread, where others can join, or why they cannot.
  std::function<void(const expected<endpoint>&)> on_listening = [](const expected<endpoint>&) {};
};

struct node_options {
  std::string name = "local";           ///< Among its peers: `[A-Za-z0-9_-]{1,64}`.
  std::string version = "0";            ///< Told to peers.
  std::size_t handlers = 0;             ///< Short-task handlers; 0: one per core.
  std::size_t blocking = 4;             ///< Threads for interactive tools that may block.
  std::size_t workers = 0;              ///< Long-task workers; 0: one per core.
  std::uint32_t async_runs = 16'384;    ///< Asynchronous tools that may be under way at a time.
  std::size_t pool_threads = 0;         ///< The scheduler's threads; 0: one per core.
  std::string pool_policy = "polling";  ///< See `actor_system_options`.
  std::size_t pool_throughput = 50;     ///< Messages an actor handles before others get a turn.
  task_limits tasks;
  cache_options cache;             ///< Of all shards together.
  std::uint32_t cache_shards = 1;  ///< Each has a thread of its own; at least 1.
  memory_monitor_options memory;   ///< `budget_bytes` 0: no memory monitor.
  restart_limits restarts{.max_restarts = 5, .period = std::chrono::seconds{10}};
  backoff_limits backoff;
  std::optional<peer_options> peers;
  resident_limits sessions;  ///< How many conversations are in memory, and for how long.
  std::chrono::milliseconds session_retention = std::chrono::hours{24 * 30};
  journal_sync sync = journal_sync::group;  ///< As the journal was opened.
  std::chrono::milliseconds sync_interval{100};
};

/// Runs a task from any thread without waiting for it: `on_end` gets its output, or why there is
/// none, exactly once. A stop request cancels the task.
using task_starter = std::function<void(task_request request, const std::stop_token& stop,
                                        std::function<void(expected<raw_json>)> on_end)>;

/// What a node is given of the world outside; each part may be left out.
struct node_parts {
  event_sink_ptr events;                ///< Null: nothing is reported.
  std::shared_ptr<memory_probe> probe;  ///< Null: no memory monitor.
  /// Opens the level of the cache that survives a restart; empty: there is none.
  cache_level_opener open_cache_level;
  /// Where accepted tasks are kept; null: they end with the process.
  journal_access_ptr journal;
  /// Agents that need no code.
  std::vector<agent_declaration> declared;
  /// Makes those who provide models; called at each (re)start of the model gateway. Empty: there
  /// are none.
  std::function<std::vector<model_provider>(const task_starter& tasks)> models;
  /// What a client may spend on models in a day; 0: no limit. Empty: nobody has one. Any thread.
  std::function<usage_amount(std::string_view client)> client_budget;
  /// Where conversations are kept, and what was spent of budgets; null: it ends with the process.
  session_store_ptr sessions;
  span_sink_ptr spans;  ///< Null: none are made.
  /// Where they are sent; its ring is usually `spans`. Absent: nowhere.
  std::optional<span_exporter_options> span_export;
  /// How earlier processes of this node went down.
  std::vector<past_crash> crashes;
  /// Note on the calling thread that a run of a tool begins and ends there, for crash reports.
  std::function<void(const task_id& id, std::string_view target)> mark_run;
  std::function<void()> unmark_run;
  /// A tool in a process of its own, by name, for runs that may crash; may give null. Empty: there
  /// are no such processes.
  std::function<std::shared_ptr<tool>(const std::string& name)> apart;
  /// Lowers the priority of the thread that calls it; called by each long-task worker's.
  std::function<void()> lower_priority = [] {};
  /// Raises the priority of the thread that calls it; called by each that interactive tasks wait
  /// for: the dispatcher's and the pool's. Empty: they keep theirs.
  std::function<void()> raise_priority;
  /// Tells the watchdog a tool that is slow from one that was not given a core.
  thread_usage_reader thread_usage;
  /// Called once, on any thread, when the root supervisor gave up: restarting did not help and
  /// the node is of no more use. Not called on an ordinary stop. Must not block.
  std::function<void(const error&)> on_failure = [](const error&) {};
};

/// How a stop went.
struct stop_outcome {
  /// Every accepted task had ended within the grace period, or waits in the journal unbegun.
  bool drained = false;
  bool kept = false;       ///< With a journal: it holds all that had not ended.
  bool shut_down = false;  ///< Every actor has ended; otherwise a thread is stuck in a tool.
};

/// Thread safety: `client`, `system` and `tree` from any thread while the node runs; the others
/// from the thread that owns it.
class node {
public:
  /// Starts the tree and returns when it stands: tasks can be submitted at once.
  ///
  /// The tools must not change any more. Errors: `errc::unavailable` when the tree does not come
  /// up.
  /// @pre `tools` is not null, agents have distinct names.
  [[nodiscard]] static expected<std::unique_ptr<node>> start(
      const node_options& options, std::shared_ptr<const tool_registry> tools,
      std::vector<agent_spec> agents, const node_parts& parts = {});

  node(const node&) = delete;
  node& operator=(const node&) = delete;
  /// Stops without grace if `stop` was not called.
  ~node();

  [[nodiscard]] caf::actor_system& system();
  [[nodiscard]] const std::shared_ptr<const tool_registry>& tools() const;
  /// All agents as they are now. Thread safety: any thread.
  [[nodiscard]] std::vector<agent_info> agents() const;

  /// Replaces the declared agents; turns that have begun end with what they began with. Thread
  /// safety: any thread. @pre No two agents have the same name.
  void set_declared(const std::vector<agent_declaration>& declared);

  /// Talks to agents from threads that are not actors.
  [[nodiscard]] session_client sessions();

  /// Runs tasks from threads that are not actors.
  [[nodiscard]] task_client client();

  /// The live supervision tree. Errors: `errc::unavailable` once it is down.
  [[nodiscard]] expected<supervision_node> tree();

  /// Accepts nothing more, lets what runs end within `grace`, stops the rest and leaves it to the
  /// journal, then shuts the tree down. Without a journal all that was accepted may end within
  /// `grace`, and what has not is lost. Blocking: for at most `grace` and then a few seconds. When
  /// `shut_down` comes back false, destroying the node waits for the stuck tool: end the process
  /// instead.
  stop_outcome stop(std::chrono::milliseconds grace);

  /// Cuts the grace short, while another thread waits in `stop`. Thread safety: any thread.
  void hurry();

private:
  struct impl;
  explicit node(std::unique_ptr<impl> started);

  std::unique_ptr<impl> impl_;
};

}  // namespace libagent::actors
