#include "libagent/tools/requested_lane.hpp"

namespace libagent {

lane requested_lane(const tool_registry& tools, const task_request& request) {
  if (request.lane_override)
    return *request.lane_override;
  const auto found = tools.find(request.target);
  return found ? found->spec().tool_lane : lane::interactive;
}

}  // namespace libagent
