#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/event_sink.hpp"

#include <string>

namespace libagent::app {

struct event_log_options {
  event_level level = event_level::info;
  std::string file;  ///< Empty: standard error.
};

/// Writes events as one JSON object a line: `ts`, `level`, `event`, then the event's fields.
///
/// Lines are written by a thread of its own from a bounded queue; when that is full the oldest
/// line is dropped, so that no actor ever waits for a disk.
/// Errors: `errc::io_failed` when the file cannot be opened.
[[nodiscard]] expected<event_sink_ptr> open_event_log(const event_log_options& options);

}  // namespace libagent::app
