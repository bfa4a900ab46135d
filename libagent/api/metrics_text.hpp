#pragma once

#include "libagent/cache/cache_types.hpp"
#include "libagent/memory/pressure.hpp"
#include "libagent/ports/cache_level.hpp"
#include "libagent/tasks/dispatcher_status.hpp"

#include <optional>
#include <string>

namespace libagent {

/// What a scrape collected; a part that did not answer in time is missing from the page.
struct metrics_snapshot {
  std::optional<dispatcher_status> dispatcher;
  std::optional<cache_stats> cache;
  std::optional<cache_level_stats> cache_disk;
  std::optional<memory_status> memory;
};

/// The snapshot in Prometheus' text exposition format 0.0.4. Names begin with `agent_`.
[[nodiscard]] std::string metrics_text(const metrics_snapshot& snapshot);

}  // namespace libagent
