#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// One decoded `name=value` of a query string; a name without `=` has an empty value.
struct query_param {
  std::string name;
  std::string value;

  friend bool operator==(const query_param&, const query_param&) = default;
};

struct query_limits {
  std::size_t params_max = 64;
  std::size_t bytes_max = 8192;  ///< Of the query string before decoding.
};

/// Whether `+` stands for a space, as in query strings, or for itself, as in paths.
enum class plus_means : bool { plus, space };

/// Replaces `%41` by `A` and so on. Bytes from 0x80 up pass unchecked; they need not be UTF-8.
///
/// Errors: errc::invalid_argument naming the position, for a `%` without two hex digits and for
/// `%00`, which would cut the text short wherever it becomes a C string.
[[nodiscard]] expected<std::string> percent_decode(std::string_view text, plus_means plus);

/// Encodes everything but RFC 3986's unreserved characters, so that the result is safe as one
/// path segment or one query value.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Splits and decodes `a=1&b=2` (without the leading `?`). Empty parts, as in `a&&b`, are skipped.
///
/// Errors: those of `percent_decode`; errc::too_large beyond `limits`.
[[nodiscard]] expected<std::vector<query_param>> parse_query(std::string_view query,
                                                             const query_limits& limits = {});

/// What a request line asks for.
struct request_target {
  std::string path;  ///< Begins with `/`; still encoded, so that `%2F` does not split a segment.
  std::vector<query_param> query;
};

/// Understands origin form (`/path?query`) and absolute form (`http://host/path?query`), which
/// RFC 9112 (3.2.2) requires of a server.
///
/// Errors: errc::invalid_argument for other forms, a fragment, control characters or bad encoding
/// of the query; errc::too_large beyond `limits`.
[[nodiscard]] expected<request_target> parse_target(std::string_view target,
                                                    const query_limits& limits = {});

}  // namespace libagent
