#pragma once

#include "actors/node.hpp"
#include "apps/lab/knee_backend.hpp"
#include "apps/lab/request_front.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/tasks/power_climb.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace libagent::lab {

/// libagent: a node with one asynchronous tool that asks the backend, in the batch lane.
class task_front final : public request_front {
public:
  /// Starts a node. Errors: as `node::start`.
  /// @pre `backend` outlives the front, and is stopped before the front goes.
  [[nodiscard]] static expected<std::unique_ptr<task_front>> make(
      knee_backend& backend, const climb_options& limiter, std::chrono::milliseconds deadline);

private:
  explicit task_front(std::unique_ptr<actors::node> node);

  void start(const std::string& client, pending_request_ptr request) override;

  std::unique_ptr<actors::node> node_;
};

}  // namespace libagent::lab
