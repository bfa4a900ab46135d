#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <string>
#include <string_view>

namespace libagent {

/// A time as people read it, in UTC and ISO 8601: `2026-01-31T08:00:00Z`, with three digits of the
/// second's fraction when they are not zero. Times before 1970 and past the year 9999 are shown as
/// the nearest that is not.
[[nodiscard]] std::string iso_time(unix_millis time);

/// Reads ISO 8601: a date, or a date, `T` or a space, and hours and minutes, optionally seconds and
/// up to three digits of their fraction, and `Z` or an offset as `+02:00`; without either it is
/// UTC.
///
/// Errors: `invalid_argument` for anything else, for a day or a time that does not exist, and for
/// times before 1970 and past the year 9999.
[[nodiscard]] expected<unix_millis> read_iso_time(std::string_view text);

}  // namespace libagent
