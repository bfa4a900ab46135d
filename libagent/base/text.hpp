#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Length in bytes of the valid UTF-8 sequence (RFC 3629) at the start of `text`; 0 when there is
/// none: empty, truncated, overlong, a surrogate, or past U+10FFFF.
[[nodiscard]] std::size_t utf8_sequence_size(std::string_view text);

/// Appends `text` as a JSON string with its quotes. Always gives valid JSON: each byte that is not
/// part of valid UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);

/// `text` in quotes for an error message: control characters escaped, at most `bytes_max` bytes of
/// it, cut between characters and marked with "..." when cut.
[[nodiscard]] std::string quoted_excerpt(std::string_view text, std::size_t bytes_max = 40);

/// The longest prefix of `text` that has at most `bytes_max` bytes and does not cut a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

/// The parts of a comma-separated list; none for an empty text. They point into `list`.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view list);

/// A number as people write it: shortest form that reads back the same, without an exponent for
/// whole numbers up to 2^53. @pre `value` is finite.
[[nodiscard]] std::string number_text(double value);

}  // namespace libagent
