#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/retry_policy.hpp"
#include "libagent/tasks/task.hpp"
#include "libagent/tasks/task_group.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace libagent {

/// What a tool declares of itself. One definition serves an agent's tool call, an HTTP task, a
/// CLI command and a remote node.
struct tool_spec {
  std::string name;         ///< `[A-Za-z0-9_-]{1,64}`.
  std::string description;  ///< One or two sentences; models read it too.
  lane tool_lane = lane::interactive;
  isolation tool_isolation = isolation::inline_call;
  effects tool_effects = effects::idempotent;
  std::chrono::milliseconds timeout{30'000};
  /// How long an answer may be served from the cache. Zero: never. Only sensible for `pure`.
  std::chrono::milliseconds cache_ttl{0};
  /// What a blocking batch tool spends its time on; a computing one moves to a worker process
  /// where these are used. Asynchronous ones always wait: see `resource`.
  work_bound bound = work_bound::cpu;
  /// What several asynchronous tools of the batch lane share and that decides how many can run at
  /// a time, for example one model server; that number is found by trying. Empty: the tool is alone
  /// with it.
  std::string resource;
  /// Memory that one run takes at its peak. It is reserved before the run starts; a run that would
  /// not fit waits. Zero: little enough not to matter.
  std::uint64_t memory_bytes = 0;
  /// When a failed run is tried again. Never for `once`.
  retry_policy retry;
};

/// Memory that was set aside, until this is destroyed. Movable; empty when moved from.
using memory_hold = std::shared_ptr<void>;

/// What a running tool is given.
struct tool_context {
  task_id id;
  time_point deadline;   ///< Give up by then; the caller has stopped listening.
  std::stop_token stop;  ///< Requested on cancel, expiry and shutdown. Check it in every loop.
  /// Reports how far the work is. Cheap, rate-limited by the receiver; may be called from the
  /// thread that runs the tool only. Never empty.
  std::function<void(double fraction, std::string message)> progress = [](double,
                                                                          const std::string&) {};
  /// Names what the work does from now on; memory use is reported per phase. Never empty.
  std::function<void(const std::string& phase)> enter_phase = [](const std::string&) {};
  /// Sets memory aside before it is allocated, beside the tool's own `memory_bytes`. Errors:
  /// `errc::overloaded` when it would not fit now. Never empty.
  std::function<expected<memory_hold>(std::uint64_t bytes)> reserve =
      [](std::uint64_t) -> expected<memory_hold> { return memory_hold{}; };
  /// Asks for children: once this run has returned, with whatever, they are submitted; when they
  /// have ended the tool is run again, with `group`. Meanwhile it holds neither thread nor permit.
  /// The last call counts; to be called by the thread that runs the tool. Not for `pure` tools,
  /// whose runs may be shared. Never empty.
  std::function<void(task_group children)> wait_for = [](const task_group&) {};
  /// What the children came to that an earlier run asked for; absent in the first run.
  std::optional<group_outcome> group;
};

/// Takes a run's outcome. From any thread; every call but the first is ignored.
using tool_done = std::function<void(expected<std::string>)>;

/// A tool's promises to its callers.
///
/// Blocking: an `inline_call` or `async_call` tool must not block at all; the others may, never
/// past the deadline, and end soon after `stop`. Thread safety: `run` may be called from any thread
/// and concurrently. Errors: as values; `errc::invalid_argument` for bad input, `errc::tool_failed`
/// when the work failed, `errc::cancelled` after `stop`.
class tool {
public:
  tool() = default;
  tool(const tool&) = delete;
  tool& operator=(const tool&) = delete;
  virtual ~tool() = default;

  [[nodiscard]] virtual const tool_spec& spec() const = 0;
  /// JSON Schema of the input and of the output, as JSON text.
  [[nodiscard]] virtual const std::string& input_schema() const = 0;
  [[nodiscard]] virtual const std::string& output_schema() const = 0;
  /// Checks arguments without running; the error names the path.
  [[nodiscard]] virtual expected<void> check(const std::string& arguments_json) const = 0;
  /// Runs once; returns the output as JSON text.
  [[nodiscard]] virtual expected<std::string> run(const std::string& arguments_json,
                                                  const tool_context& context) = 0;

  /// Begins a run of an `async_call` tool and returns at once; `done` may be called before that.
  /// The context is valid until `done` was called. A tool of another kind runs to its end here.
  virtual void start(const std::string& arguments_json, const tool_context& context,
                     // NOLINTNEXTLINE(performance-unnecessary-value-param): others keep it
                     tool_done done) {
    done(run(arguments_json, context));
  }
};

}  // namespace libagent
