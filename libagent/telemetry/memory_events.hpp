#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What the memory monitor reports.
namespace libagent::events {

inline constexpr event_kind memory_level_changed{
    "memory.level_changed", event_level::warning,
    "Memory got shorter, or less short. Fields: level, was, cause, used_bytes, budget_bytes, "
    "available_bytes."};

inline constexpr event_kind memory_probe_failed{
    "memory.probe_failed", event_level::error,
    "Memory cannot be read; the level stays as it was. Reported once until a reading succeeds. "
    "Fields: reason."};

inline constexpr std::array memory_events{memory_level_changed, memory_probe_failed};

}  // namespace libagent::events
