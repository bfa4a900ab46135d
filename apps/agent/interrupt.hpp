#pragma once

#include "apps/agent/signals.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

namespace libagent::app {

/// Ctrl-C for interactive commands. While work is under way the first one asks it to stop and the
/// second one ends the process; between works the first one ends the process.
///
/// Construct it before any other thread starts. Ending the process at once is safe: what is on
/// disk is committed in transactions. Thread safety: any thread.
class interrupt {
public:
  /// `before_end` runs before it ends the process, on any thread; may be empty.
  explicit interrupt(std::function<void()> before_end = {});

  /// Work begins; returns the token that Ctrl-C requests.
  [[nodiscard]] std::stop_token begin_work();
  void end_work();

private:
  void on_signal();

  std::function<void()> before_end_;
  std::mutex mutex_;
  std::optional<std::stop_source> work_;
  signal_watch watch_;  // last: its thread uses what is above
};

}  // namespace libagent::app
