#pragma once

#include "libagent/api/door_listings.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/session/session_view.hpp"
#include "libagent/session/turn.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent::app {

/// What `agent chat` talks to: sessions in this process or on a server.
///
/// Thread safety: none, one thread uses it. Blocking: all of it may wait for an answer.
class chat_backend {
public:
  chat_backend() = default;
  chat_backend(const chat_backend&) = delete;
  chat_backend& operator=(const chat_backend&) = delete;
  virtual ~chat_backend() = default;

  /// Runs a turn until it has ended or waits for a person. The observer is called on the calling
  /// thread and may block; when it hears of no end, the turn was lost. `stop` cancels the turn.
  /// The same request again, with its key, joins a turn that waited and now goes on.
  /// @pre The request has a session, a key and one message.
  virtual void run_turn(const turn_request& request, turn_observer& observer,
                        const std::stop_token& stop) = 0;

  /// A person's word on a tool call that waits. Errors: `not_found`.
  [[nodiscard]] virtual expected<void> decide(const std::string& approval,
                                              const approval_decision& decision) = 0;

  /// Errors: `not_found`.
  [[nodiscard]] virtual expected<session_view> look_up(const std::string& session) = 0;
  /// The latest changed first.
  [[nodiscard]] virtual expected<std::vector<session_line>> sessions() = 0;
  [[nodiscard]] virtual expected<std::vector<agent_info>> agents() = 0;
};

using chat_backend_ptr = std::unique_ptr<chat_backend>;

}  // namespace libagent::app
