#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/record/field.hpp"

#include <string>

namespace libagent {

struct current_time_input {
  std::string utc_offset;
};

template <class Inspector>
bool inspect(Inspector& f, current_time_input& x) {
  return record(f, x, "current_time_input",
                field("utc_offset", "Z for UTC, or hours and minutes such as +08:00.", x.utc_offset)
                    .fallback("Z")
                    .max_size(6));
}

struct current_time_output {
  std::string time;
  std::string weekday;
  unix_millis unix_ms = 0;
};

template <class Inspector>
bool inspect(Inspector& f, current_time_output& x) {
  return record(f, x, "current_time_output",
                field("time", "ISO 8601, to the second, with the offset.", x.time),
                field("weekday", "English name of the day of the week there.", x.weekday),
                field("unix_ms", "Milliseconds since 1970-01-01 UTC.", x.unix_ms));
}

/// The tool `current_time`: inline. Not pure, as its result changes; running it again does no harm.
[[nodiscard]] tool_spec current_time_spec();

/// `now` as a person at that offset reads it. Errors: `errc::invalid_argument` for an offset that
/// is not `Z` or `+hh:mm` or `-hh:mm` up to 18 hours.
[[nodiscard]] expected<current_time_output> current_time(const current_time_input& in,
                                                         unix_millis now);

}  // namespace libagent
