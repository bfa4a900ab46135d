#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace libagent {

/// How much a person must care. `error`: somebody must act. `warning`: degraded, handling itself.
/// `info`: life cycle, a few lines a minute. `debug`: one request's story.
enum class event_level : std::uint8_t { debug, info, warning, error };

/// A kind of event that this project emits: its stable name, its level, and what it means.
///
/// All kinds are declared in libagent/telemetry/, so that an operator can look a name up.
struct event_kind {
  std::string_view name;
  event_level level;
  std::string_view meaning;
};

/// One value of an event. Text is borrowed: it must live until `emit` returns.
using event_value = std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view>;

/// A named value of an event, for example `{"child", std::string_view{path}}`.
///
/// Durations are numbers of milliseconds whose name ends in `_ms`.
struct event_field {
  std::string_view name;
  event_value value;
};

}  // namespace libagent
