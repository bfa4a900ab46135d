#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What the cache reports.
namespace libagent::events {

inline constexpr event_kind cache_level_failed{
    "cache.level_failed", event_level::error,
    "The second level of the cache cannot be used; the cache does without it and tries again. "
    "Reported once until it works. Fields: reason."};

inline constexpr event_kind cache_level_restarted{
    "cache.level_restarted", event_level::warning,
    "The storage of the second level was damaged; it was put aside and started anew. "
    "Fields: reason, or restarts."};

inline constexpr std::array cache_events{cache_level_failed, cache_level_restarted};

}  // namespace libagent::events
