#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What actors in general and supervisors in particular report.
namespace libagent::events {

inline constexpr event_kind message_unexpected{
    "actor.message_unexpected", event_level::warning,
    "An actor dropped a message that it has no handler for. Fields: actor, actor_id, message."};

inline constexpr event_kind error_unexpected{
    "actor.error_unexpected", event_level::warning,
    "An actor received an error nobody waited for. Fields: actor, actor_id, reason."};

inline constexpr event_kind child_started{
    "child.started", event_level::debug,
    "A supervisor started a child. Fields: child, actor_id, restarts."};

inline constexpr event_kind child_start_failed{
    "child.start_failed", event_level::warning,
    "A child could not be started. Fields: child, reason, restarts."};

inline constexpr event_kind child_ended{
    "child.ended", event_level::info,
    "A child ended by itself and stays down. Fields: child, reason, restarts."};

inline constexpr event_kind child_failed{
    "child.failed", event_level::warning,
    "A child ended and its supervisor will restart it. Fields: child, reason, restarts."};

inline constexpr event_kind child_abandoned{
    "child.abandoned", event_level::error,
    "A child ignored its shutdown and a kill; its thread is written off. Fields: child, actor_id."};

inline constexpr event_kind supervisor_gave_up{
    "supervisor.gave_up", event_level::error,
    "Restarting did not help; the supervisor ends with an error. Fields: supervisor, reason."};

inline constexpr std::array actor_events{message_unexpected, error_unexpected,  child_started,
                                         child_start_failed, child_ended,       child_failed,
                                         child_abandoned,    supervisor_gave_up};

}  // namespace libagent::events
