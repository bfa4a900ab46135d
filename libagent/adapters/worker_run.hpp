#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/worker_child.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace libagent {

/// How long a worker process gets to end a run, counted from the request to stop. On a busy machine
/// a killed process takes up to some 60 ms to be gone; with that it is within a quarter of a
/// second.
struct stop_patience {
  std::chrono::milliseconds until_terminate{75};  ///< Then SIGTERM.
  std::chrono::milliseconds until_kill{150};      ///< Then SIGKILL.
};

/// One run of a tool in a worker process, from the order to its outcome.
///
/// Used once, on the thread that waits for it. Afterwards the process is usable again or given up.
class worker_run {
public:
  /// All but `child` are only read, and outlive this.
  worker_run(worker_child& child, const stop_patience& patience, const std::string& tool,
             const tool_context& context);

  /// Errors: the tool's own; `crashed` when the process ended, with how, or was killed for its
  /// number of processes; `tool_failed` when it talked nonsense; `cancelled` and
  /// `deadline_exceeded` when it had to be killed for that. No progress is told after a stop.
  [[nodiscard]] expected<std::string> run(const std::string& arguments_json);

private:
  [[nodiscard]] time_point wakes_at() const;
  void step(int wake);
  void heed_time(time_point now);
  void ask_to_stop(time_point now, errc why);
  void take_lines();
  void take_report(const worker_report& report);
  void refuse(const std::string& what);
  void conclude_end();
  void conclude_crowd();

  worker_child& child_;
  const stop_patience& patience_;
  const std::string& tool_;
  const tool_context& context_;
  std::uint64_t number_ = 0;
  std::string outgoing_;
  std::optional<errc> stopped_;  // why it was asked to stop
  std::optional<time_point> terminate_at_;
  std::optional<time_point> kill_at_;
  std::optional<expected<std::string>> outcome_;
};

}  // namespace libagent
