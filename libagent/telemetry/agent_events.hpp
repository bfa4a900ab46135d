#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

namespace libagent::events {

inline constexpr event_kind agents_reloaded{
    "agents.reloaded", event_level::info,
    "The declared agents have changed; turns under way end as they began. Fields: what."};

inline constexpr event_kind agents_not_reloaded{
    "agents.not_reloaded", event_level::error,
    "The files of the agents have changed and are wrong; those before stay. Fields: what."};

inline constexpr std::array agent_events{agents_reloaded, agents_not_reloaded};

}  // namespace libagent::events
