#pragma once

#include "libagent/api/node_status.hpp"

#include <string>

namespace libagent {

/// The snapshot in Prometheus' text exposition format 0.0.4. Names begin with `agent_`.
[[nodiscard]] std::string metrics_text(const node_status& snapshot);

}  // namespace libagent
