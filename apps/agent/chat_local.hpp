#pragma once

#include "apps/agent/chat_backend.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <string>
#include <vector>

namespace libagent::app {

/// Sessions of this process, by their actor.
class local_chat_backend final : public chat_backend {
public:
  using agents_listing = std::function<std::vector<agent_info>()>;

  /// `system` must outlive it. @pre `agents` is not empty.
  local_chat_backend(caf::actor_system& system, agents_listing agents);

  void run_turn(const turn_request& request, turn_observer& observer,
                const std::stop_token& stop) override;
  [[nodiscard]] expected<void> decide(const std::string& approval,
                                      const approval_decision& decision) override;
  [[nodiscard]] expected<session_view> look_up(const std::string& session) override;
  [[nodiscard]] expected<std::vector<session_line>> sessions() override;
  [[nodiscard]] expected<std::vector<agent_info>> agents() override;

private:
  caf::actor_system* system_;
  agents_listing agents_;
};

}  // namespace libagent::app
