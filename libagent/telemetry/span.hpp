#pragma once

#include "libagent/telemetry/trace_context.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace libagent {

/// As in OpenTelemetry; the numbers are those of OTLP.
enum class span_kind : std::uint8_t {
  internal = 1,
  server = 2,
  client = 3,
  producer = 4,
  consumer = 5
};

enum class span_status : std::uint8_t { unset = 0, ok = 1, failed = 2 };

using span_value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

/// Something that took time, in the shape of OpenTelemetry. Names of attributes are those of its
/// semantic conventions. Holds what was said only where a sink asks for it, and never keys.
struct span {
  trace_context context;             ///< Of the span itself.
  std::uint64_t parent_span_id = 0;  ///< 0: it is the first of its trace here.
  std::string name;
  span_kind kind = span_kind::internal;
  std::uint64_t start_unix_nanos = 0;
  std::uint64_t end_unix_nanos = 0;
  std::vector<std::pair<std::string, span_value>> attributes;
  span_status status = span_status::unset;
  std::string status_message;  ///< With `failed` only.

  friend bool operator==(const span&, const span&) = default;
};

}  // namespace libagent
