#pragma once

#include "apps/agent/chat_backend.hpp"
#include "apps/agent/remote.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace libagent::app {

/// Sessions on a running server, by `POST /v1/sessions/{id}/messages` and what belongs to it.
class http_chat_backend final : public chat_backend {
public:
  /// `url` is for example http://127.0.0.1:8080.
  explicit http_chat_backend(const std::string& url);

  void run_turn(const turn_request& request, turn_observer& observer,
                const std::stop_token& stop) override;
  [[nodiscard]] expected<void> decide(const std::string& approval,
                                      const approval_decision& decision) override;
  [[nodiscard]] expected<session_view> look_up(const std::string& session) override;
  [[nodiscard]] expected<std::vector<session_line>> sessions() override;
  [[nodiscard]] expected<std::vector<agent_info>> agents() override;

private:
  std::string url_;
  remote_agent server_;
};

}  // namespace libagent::app
