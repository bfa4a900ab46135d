#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/config/agent_config.hpp"
#include "libagent/ports/event_sink.hpp"

namespace libagent::app {

/// Writes events as one JSON object a line: `ts`, `level`, `event`, then the event's fields.
///
/// Lines are written by a thread of its own from a bounded queue; when that is full the oldest
/// line is dropped, so that no actor ever waits for a disk.
/// Errors: `errc::io_failed` when the file cannot be opened.
[[nodiscard]] expected<event_sink_ptr> open_event_log(const log_config& config);

}  // namespace libagent::app
