#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What is reported of the store of sessions.
namespace libagent::events {

inline constexpr event_kind session_store_damaged{
    "session_store.damaged", event_level::error,
    "Something in the store of sessions could not be read; what is intact is served. Fields: "
    "what."};

inline constexpr event_kind session_store_failing{
    "session_store.failing", event_level::error,
    "What sessions did cannot be stored. Fields: reason, for_good."};

inline constexpr event_kind session_store_recovered{"session_store.recovered", event_level::info,
                                                    "Sessions can be stored again. Fields: none."};

inline constexpr event_kind session_store_upkeep_failed{
    "session_store.upkeep_failed", event_level::warning,
    "Old sessions could not be removed. Fields: reason."};

inline constexpr std::array session_store_events{session_store_damaged, session_store_failing,
                                                 session_store_recovered,
                                                 session_store_upkeep_failed};

}  // namespace libagent::events
