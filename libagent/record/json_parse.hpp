#pragma once

#include "libagent/base/expected.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace libagent {

/// How much JSON is accepted. Both are enforced while parsing, before anything is built from it.
struct json_limits {
  std::size_t bytes_max = 1U << 20U;
  std::size_t depth_max = 64;  ///< Arrays and objects inside each other; `[]` has depth 1.
};

/// Parses strict JSON (RFC 8259) and gives it to `use`, whose answer is returned.
///
/// The document is only lent: it dies when `use` returns. Refused, with line and column: bad
/// syntax, invalid UTF-8, numbers past the range of a double, nesting past the limit, and, unlike
/// in most parsers, an object that has a key twice, since two readers might pick different ones.
/// The parser keeps its state on the heap, so no input can overflow the stack.
/// Cost: memory of up to about 25 times the text, for a document of many tiny objects.
/// Errors: `errc::too_large` for too many bytes, else `errc::invalid_argument`.
[[nodiscard]] expected<void> with_parsed_json(
    std::string_view text, const json_limits& limits,
    const std::function<expected<void>(const nlohmann::json&)>& use);

/// Where each object member stands: from its JSON pointer (RFC 6901) to its 1-based line.
using json_lines = std::map<std::string, std::size_t, std::less<>>;

/// The same, for files that people edit: `use` also hears the line of each member.
[[nodiscard]] expected<void> with_parsed_json_file(
    std::string_view text, const json_limits& limits,
    const std::function<expected<void>(const nlohmann::json&, const json_lines&)>& use);

/// Appends "/token" to a JSON pointer, escaped as RFC 6901 wants.
void append_pointer_token(std::string& pointer, std::string_view token);

/// A JSON pointer as errors show it: "(root)" for the whole document; control characters
/// replaced; the middle of one longer than 200 bytes left out.
[[nodiscard]] std::string shown_pointer(std::string_view pointer);

}  // namespace libagent
