#pragma once

/// Observers that turn a task's changes into HTTP answers.

#include "libagent/http/http_response.hpp"
#include "libagent/ports/http_server.hpp"
#include "libagent/tasks/task.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace libagent::actors {

/// Answers one request with the end of its task; the client's going away cancels the task.
///
/// When the dispatcher dies the observer goes unanswered, and with it the exchange, which then
/// answers 503 by itself. Thread safety: `on_change` and `on_refused` come from the dispatcher's
/// thread, the disconnect from an I/O thread.
class wait_reply final : public task_observer {
public:
  using shape = std::function<http_response(const task_record&)>;
  using canceller = std::function<void(const task_id&)>;

  /// `cancel` is called at most once, from either thread, and must not block.
  [[nodiscard]] static std::shared_ptr<wait_reply> make(const http_exchange_ptr& exchange, shape as,
                                                        canceller cancel);

  wait_reply(http_exchange_ptr exchange, shape as, canceller cancel);

  void on_change(const task_record& record) override;
  void on_refused(const error& why) override;

private:
  void client_left();

  http_exchange_ptr exchange_;
  shape as_;
  canceller cancel_;
  std::mutex mutex_;             ///< Guards the two below.
  std::optional<task_id> task_;  ///< Known from the first change on.
  bool client_gone_ = false;
};

/// Streams a task's changes as server-sent events until it ends. A client that reads too slowly
/// misses progress, never a state.
class event_stream_reply final : public task_observer {
public:
  explicit event_stream_reply(http_exchange_ptr exchange);

  void on_change(const task_record& record) override;
  void on_refused(const error& why) override;

private:
  http_exchange_ptr exchange_;
  std::optional<task_state> told_;
  bool congested_ = false;
};

}  // namespace libagent::actors
