#pragma once

#include "libagent/cache/cache_types.hpp"
#include "libagent/memory/pressure.hpp"
#include "libagent/ports/cache_level.hpp"
#include "libagent/ports/journal.hpp"
#include "libagent/ports/model_order.hpp"
#include "libagent/record/field.hpp"
#include "libagent/session/session_view.hpp"
#include "libagent/tasks/dispatcher_status.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace libagent {

/// What a node tells of itself at one moment. A part that did not answer in time is missing.
struct node_status {
  std::string node;
  std::string version;
  std::chrono::milliseconds uptime{0};
  std::optional<dispatcher_status> dispatcher;
  std::optional<memory_status> memory;
  std::optional<cache_stats> cache;             ///< Summed over the shards.
  std::optional<cache_level_stats> cache_disk;  ///< Not part of the JSON.
  std::optional<journal_stats> journal;         ///< Missing, too, when the node keeps none.
  std::optional<models_status> models;
  std::optional<sessions_status> sessions;
};

template <class Inspector>
bool inspect(Inspector& f, node_status& x) {
  return record(f, x, "node_status", field("node", "Its name.", x.node),
                field("version", "Of libagent.", x.version),
                field("uptime_ms", "Since it started.", x.uptime),
                field("dispatcher", "Lanes, limits and tools.", x.dispatcher),
                field("memory", "What the memory monitor saw last.", x.memory),
                field("cache", "The cache's first level.", x.cache),
                field("journal", "What keeps the durable tasks.", x.journal),
                field("models", "Providers of models.", x.models),
                field("sessions", "Conversations.", x.sessions));
}

}  // namespace libagent
