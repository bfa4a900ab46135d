#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace libagent {

/// Tells a stream's source to wait while its reader is slow. The reader closes the gate when its
/// buffer is full and opens it when there is room; the source looks before it takes more from its
/// own source, and hears when it may go on.
///
/// Thread safety: any thread. Blocking: never, as long as the callback does not.
class flow_gate {
public:
  [[nodiscard]] bool is_open() const {
    const std::lock_guard guard{mutex_};
    return open_;
  }

  void close() {
    const std::lock_guard guard{mutex_};
    open_ = false;
  }

  /// Runs the source's callback, on the calling thread, when the gate was closed.
  void open() {
    std::function<void()> wake;
    {
      const std::lock_guard guard{mutex_};
      if (open_)
        return;
      open_ = true;
      wake = on_open_;
    }
    if (wake)
      wake();
  }

  /// For the source; replaces the callback before. An empty one: the source has ended.
  void on_open(std::function<void()> callback) {
    const std::lock_guard guard{mutex_};
    on_open_ = std::move(callback);
  }

private:
  mutable std::mutex mutex_;
  bool open_ = true;
  std::function<void()> on_open_;
};

}  // namespace libagent
