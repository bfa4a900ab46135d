#pragma once

#include "libagent/base/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace libagent::lab {

/// How a request ended for who asked.
enum class request_fate : std::uint8_t {
  succeeded,
  refused,  ///< At once or later, without work.
  expired,  ///< Nothing came within the deadline.
  failed,
  lost,  ///< Nobody will answer any more; never right.
};

struct request_answer {
  request_fate fate = request_fate::succeeded;
  std::chrono::milliseconds retry_after{0};  ///< Of a refusal; 0: not said.
};

/// What is true of a front that answers every request exactly once.
struct front_ledger {
  std::atomic<std::uint64_t> submitted{0};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> answered_again{0};
  std::atomic<std::uint64_t> lost{0};
};

/// One request's way home: whoever answers first is heard, and every further answer is counted.
/// When it goes without an answer, that is counted and told too. Thread safety: any thread.
class pending_request {
public:
  using told = std::function<void(const request_answer&)>;

  pending_request(std::shared_ptr<front_ledger> ledger, told tell);
  pending_request(const pending_request&) = delete;
  pending_request& operator=(const pending_request&) = delete;
  ~pending_request();

  void answer(const request_answer& what);

private:
  std::shared_ptr<front_ledger> ledger_;
  told tell_;
  std::atomic<bool> is_answered_{false};
};

using pending_request_ptr = std::shared_ptr<pending_request>;

/// What stands between those who ask and a backend. Thread safety: any thread.
class request_front {
public:
  request_front() = default;
  request_front(const request_front&) = delete;
  request_front& operator=(const request_front&) = delete;
  virtual ~request_front() = default;

  /// Asks on behalf of `client`; `tell` hears the answer once, on any thread, maybe before this
  /// returns.
  void submit(const std::string& client, pending_request::told tell);

  [[nodiscard]] const front_ledger& ledger() const { return *ledger_; }

private:
  virtual void start(const std::string& client, pending_request_ptr request) = 0;

  std::shared_ptr<front_ledger> ledger_ = std::make_shared<front_ledger>();
};

}  // namespace libagent::lab
