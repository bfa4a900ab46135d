#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/json_parse.hpp"
#include "libagent/record/json_reader.hpp"
#include "libagent/record/json_writer.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace libagent {

/// Fills `out` from a JSON value that is already parsed.
///
/// Errors: `errc::invalid_argument` with the path of the first misfit as a JSON pointer, for
/// example `/city: expected string, got number 3`. On an error `out` is half filled.
template <class T>
[[nodiscard]] expected<void> from_json_value(const nlohmann::json& value, T& out) {
  std::optional<error> failure;
  const json_cursor root{value, failure};
  if (!read_json(root, {}, out)) {
    return std::move(*failure);
  }
  return {};
}

/// Reads a record, or anything that may stand in one, from JSON text.
///
/// Strict: unknown and duplicate members are errors, and nothing is converted but whole numbers
/// spelled with a fraction of zero. `null` counts as absent for an optional and as a misfit for
/// all else. Errors: as `with_parsed_json` and `from_json_value`.
template <class T>
[[nodiscard]] expected<T> from_json(std::string_view text, const json_limits& limits = {}) {
  T out{};
  auto done = with_parsed_json(
      text, limits, [&out](const nlohmann::json& value) { return from_json_value(value, out); });
  if (!done) {
    return done.error();
  }
  return out;
}

/// `value` as compact JSON; `append_json` says how each type looks.
template <class T>
[[nodiscard]] std::string to_json(const T& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace libagent
