#pragma once

#include <functional>
#include <memory>

namespace libagent::app {

/// Turns SIGINT and SIGTERM into calls on a thread of its own, where anything may be done.
///
/// Construct it before any other thread starts: threads inherit the blocked signals, so that the
/// one thread here is the only one to receive them.
class signal_watch {
public:
  /// `on_signal` gets the signal's number and how many came before it.
  explicit signal_watch(std::function<void(int signal, int earlier)> on_signal);
  ~signal_watch();
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace libagent::app
