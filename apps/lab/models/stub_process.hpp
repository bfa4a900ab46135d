#pragma once

#include "apps/lab/faults/node_under_test.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

/// Starts this program as `agent-lab model-server` with more flags, as a process of its own that
/// ends with this one. Blocking: until it serves. Errors: as `node_under_test::start`.
[[nodiscard]] expected<node_under_test> start_stub_process(const std::vector<std::string>& flags);

}  // namespace libagent::lab
