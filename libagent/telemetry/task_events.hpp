#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What the dispatcher reports of tools that do not keep their promises.
namespace libagent::events {

inline constexpr event_kind handler_held{
    "task.handler_held", event_level::warning,
    "A tool of the interactive lane holds a handler, or held it, beyond its budget; others wait "
    "meanwhile. Fields: tool, held_ms, is_running."};

inline constexpr event_kind tool_moved{
    "task.tool_moved", event_level::warning,
    "A tool held handlers too long too often; until the next start its tasks run in the batch "
    "lane. Fields: tool, offences."};

inline constexpr event_kind worker_said{
    "task.worker_said", event_level::warning,
    "A worker process wrote a line to its standard error. Fields: line."};

inline constexpr event_kind workers_confined{
    "task.workers_confined", event_level::debug,
    "What tools in worker processes are kept from on this machine, and what not. Fields: what."};

inline constexpr std::array task_events{handler_held, tool_moved, worker_said, workers_confined};

}  // namespace libagent::events
