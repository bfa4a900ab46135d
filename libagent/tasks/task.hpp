#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace libagent {

/// Short tasks run in `interactive`, long ones in `batch`; each has its own threads and queue.
enum class lane : std::uint8_t { interactive, batch };

/// Where a tool runs: on a handler's own thread slot, on a thread that may block, in a child
/// process, or on no thread at all while it waits (see `make_async_tool`).
enum class isolation : std::uint8_t { inline_call, thread, process, async_call };

/// How much it matters that a task is served when not all can be, from the least on. The lowest
/// level is refused wholly before the next one is touched. The levels are those of Google's SRE
/// book, chapter 21, "Handling Overload".
enum class criticality : std::uint8_t {
  sheddable,       ///< May be refused often, and wholly for a while.
  sheddable_plus,  ///< Batch work that can be tried again; the batch lane's usual level.
  critical,        ///< A person or a service waits; the interactive lane's usual level.
  critical_plus,   ///< To be refused last of all.
};

inline constexpr std::size_t criticality_levels = 4;

/// What a tool spends its time on: computing, or waiting for something else to answer.
enum class work_bound : std::uint8_t { cpu, io };

/// What running a tool twice would mean. `once` is never run a second time after it started.
enum class effects : std::uint8_t { pure, idempotent, once };

/// `dead` means that the system gave up, for a person to look at. The last five are terminal.
enum class task_state : std::uint8_t {
  queued,
  running,
  succeeded,
  failed,
  cancelled,
  expired,
  dead
};

[[nodiscard]] constexpr bool is_terminal(task_state state) {
  return state >= task_state::succeeded;
}

template <>
struct enum_names<lane> {
  static constexpr std::array<std::pair<lane, std::string_view>, 2> values{
      {{lane::interactive, "interactive"}, {lane::batch, "batch"}}};
};

template <>
struct enum_names<isolation> {
  static constexpr std::array<std::pair<isolation, std::string_view>, 4> values{
      {{isolation::inline_call, "inline"},
       {isolation::thread, "thread"},
       {isolation::process, "process"},
       {isolation::async_call, "async"}}};
};

template <>
struct enum_names<criticality> {
  static constexpr std::array<std::pair<criticality, std::string_view>, 4> values{
      {{criticality::sheddable, "sheddable"},
       {criticality::sheddable_plus, "sheddable_plus"},
       {criticality::critical, "critical"},
       {criticality::critical_plus, "critical_plus"}}};
};

template <>
struct enum_names<work_bound> {
  static constexpr std::array<std::pair<work_bound, std::string_view>, 2> values{
      {{work_bound::cpu, "cpu"}, {work_bound::io, "io"}}};
};

template <>
struct enum_names<effects> {
  static constexpr std::array<std::pair<effects, std::string_view>, 3> values{
      {{effects::pure, "pure"}, {effects::idempotent, "idempotent"}, {effects::once, "once"}}};
};

template <>
struct enum_names<task_state> {
  static constexpr std::array<std::pair<task_state, std::string_view>, 7> values{
      {{task_state::queued, "queued"},
       {task_state::running, "running"},
       {task_state::succeeded, "succeeded"},
       {task_state::failed, "failed"},
       {task_state::cancelled, "cancelled"},
       {task_state::expired, "expired"},
       {task_state::dead, "dead"}}};
};

template <>
struct enum_names<errc> {
  static constexpr std::array<std::pair<errc, std::string_view>, 21> values{
      {{errc::ok, "ok"},
       {errc::invalid_argument, "invalid_argument"},
       {errc::not_found, "not_found"},
       {errc::deadline_exceeded, "deadline_exceeded"},
       {errc::cancelled, "cancelled"},
       {errc::overloaded, "overloaded"},
       {errc::unavailable, "unavailable"},
       {errc::too_large, "too_large"},
       {errc::tool_failed, "tool_failed"},
       {errc::already_exists, "already_exists"},
       {errc::io_failed, "io_failed"},
       {errc::corrupt, "corrupt"},
       {errc::unsupported, "unsupported"},
       {errc::internal, "internal"},
       {errc::rate_limited, "rate_limited"},
       {errc::crashed, "crashed"},
       {errc::key_reused, "key_reused"},
       {errc::unauthenticated, "unauthenticated"},
       {errc::permission_denied, "permission_denied"},
       {errc::budget_exceeded, "budget_exceeded"},
       {errc::context_too_long, "context_too_long"}}};
};

template <class Inspector>
bool inspect(Inspector& f, error& x) {
  return record(f, x, "error", field("code", "What a program can branch on.", x.code),
                field("message", "What was tried and what came back.", x.context),
                field("retry_after_ms", "When to come back; absent when unknown.", x.retry_after));
}

template <class Inspector>
  requires(!record_inspector<Inspector>)
bool inspect(Inspector& f, task_id& x) {
  return f.object(x).pretty_name("task_id").fields(f.field("bytes", x.bytes));
}

/// Asks for one run of a tool (`target` is its name) or an agent (`target` is `agent:NAME`).
struct task_request {
  std::string target;
  raw_json arguments;                                ///< The tool's input; empty counts as `{}`.
  std::optional<std::chrono::milliseconds> timeout;  ///< Absent: the tool's default.
  std::optional<lane> lane_override;                 ///< Absent: the tool's lane.
  std::optional<criticality> level;                  ///< Absent: what is usual in its lane.
  std::string client;  ///< Who asks, for fairness between askers; empty: this node itself.
  std::string key;     ///< Idempotency key: the same one again means the same task. Empty: none.
  std::string trace;   ///< W3C traceparent, passed on to children; empty: none.
  /// Whether it must survive a crash of the node. Absent: when the answer to the submit is that it
  /// was accepted, when it has a key, or when it must not run twice.
  std::optional<bool> durable;
  /// Nobody looks it up once it has ended: who asks is told its end, and knows no id. Without
  /// effect when it is durable or has a key. Not passed on to other nodes.
  bool is_brief = false;

  friend bool operator==(const task_request&, const task_request&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, task_request& x) {
  return record(
      f, x, "task_request",
      field("target", "A tool's name, or agent:NAME.", x.target).max_size(128),
      field("arguments", "The input, as the tool's schema says.", x.arguments).fallback(raw_json{}),
      field("timeout_ms", "Milliseconds until the task expires; default: the tool's.", x.timeout),
      field("lane", "Overrides the tool's lane.", x.lane_override),
      field("criticality", "How much it matters; default: the lane's.", x.level),
      field("client", "Who asks; empty: the node itself.", x.client)
          .max_size(128)
          .fallback(std::string{}),
      field("key", "Idempotency key; empty: none.", x.key).max_size(128).fallback(std::string{}),
      field("trace", "W3C traceparent; empty: none.", x.trace).max_size(64).fallback(std::string{}),
      field("durable", "Whether it must survive a crash.", x.durable));
}

/// How far a long task is.
struct task_progress {
  double fraction = 0;  ///< In [0, 1].
  std::string message;

  friend bool operator==(const task_progress&, const task_progress&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, task_progress& x) {
  return record(f, x, "task_progress",
                field("fraction", "Done so far, from 0 to 1.", x.fraction).range(0, 1),
                field("message", "What is being done.", x.message).fallback(std::string{}));
}

/// How the cache served a task.
struct cache_use {
  std::string outcome;               ///< `hit`, `disk_hit`, `stale`, `coalesced` or `miss`.
  std::chrono::milliseconds age{0};  ///< Of the answer when it was served.

  friend bool operator==(const cache_use&, const cache_use&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, cache_use& x) {
  return record(f, x, "cache_use",
                field("outcome", "hit, disk_hit, stale, coalesced or miss.", x.outcome),
                field("age_ms", "Age of the answer when it was served.", x.age));
}

/// What is known of one task, from acceptance until its record is forgotten.
struct task_record {
  task_id id;
  std::string target;
  lane task_lane = lane::interactive;
  task_state state = task_state::queued;
  std::uint32_t attempt = 0;  ///< Counted when an attempt starts; 0 = never started.
  unix_millis accepted_at = 0;
  std::optional<unix_millis> started_at;
  std::optional<unix_millis> ended_at;
  unix_millis deadline = 0;
  std::optional<task_progress> progress;
  std::optional<raw_json> result;  ///< Set when succeeded.
  std::optional<cache_use> cache;  ///< Set when the cache was asked.
  std::optional<error> failure;    ///< Set when ended otherwise.
  std::string node;                ///< Where it ran; empty: here.
  criticality level = criticality::critical;
  std::string client;         ///< Who asked; empty: this node itself.
  std::string note;           ///< What the system decided about it that nobody asked for.
  std::string key;            ///< Idempotency key; empty: none.
  std::string trace;          ///< W3C traceparent; empty: none.
  std::uint32_t crashes = 0;  ///< Attempts that took their executor or process down.
  std::optional<task_id> parent;
  std::uint32_t waits_for = 0;  ///< Children that have not ended; it holds nothing meanwhile.
};

template <class Inspector>
bool inspect(Inspector& f, task_record& x) {
  return record(
      f, x, "task_record", field("id", "The task's UUID.", x.id),
      field("target", "The tool, or agent:NAME.", x.target),
      field("lane", "The lane it runs in.", x.task_lane),
      field("state", "Where it is in its life.", x.state),
      field("attempt", "Attempts started so far.", x.attempt),
      field("accepted_at", "Unix time in ms.", x.accepted_at),
      field("started_at", "Unix time in ms of the latest attempt.", x.started_at),
      field("ended_at", "Unix time in ms.", x.ended_at),
      field("deadline", "Unix time in ms after which it expires.", x.deadline),
      field("progress", "How far a running task is.", x.progress),
      field("result", "The tool's output, once succeeded.", x.result),
      field("cache", "How the cache served it; absent when it was not asked.", x.cache),
      field("error", "Why it ended without a result.", x.failure),
      field("node", "The node that ran it; empty for this one.", x.node).fallback(std::string{}),
      field("criticality", "How much it matters.", x.level).fallback(criticality::critical),
      field("client", "Who asked; empty: the node itself.", x.client).fallback(std::string{}),
      field("note", "What the system decided about it unasked.", x.note).fallback(std::string{}),
      field("key", "Idempotency key; empty: none.", x.key).fallback(std::string{}),
      field("trace", "W3C traceparent; empty: none.", x.trace).fallback(std::string{}),
      field("crashes", "Attempts that took their executor or process down.", x.crashes)
          .fallback(std::uint32_t{0}),
      field("parent", "The task that submitted it.", x.parent),
      field("waits_for", "Children that have not ended yet.", x.waits_for)
          .fallback(std::uint32_t{0}));
}

/// Hears of one task's changes: every state, progress, and the end. Local to a process.
///
/// Called from the dispatcher's thread, so an implementation must be quick, must not block and
/// must not throw. The dispatcher drops its reference after a terminal record; being destroyed
/// without having seen one or a refusal means that the dispatcher died and the outcome is unknown.
class task_observer {
public:
  task_observer() = default;
  task_observer(const task_observer&) = delete;
  task_observer& operator=(const task_observer&) = delete;
  virtual ~task_observer() = default;

  /// The task was accepted or changed; the last call carries a terminal state.
  virtual void on_change(const task_record& record) = 0;

  /// The submit was refused: nothing was accepted, and nothing else follows.
  virtual void on_refused(const error& why) = 0;
};

using task_observer_ptr = std::shared_ptr<task_observer>;

}  // namespace libagent
