#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace libagent::lab {

/// A request that is there as a whole. Refers to the bytes it was read from.
struct stub_http_request {
  std::string_view method;
  std::string_view path;           ///< Without what follows a question mark.
  std::string_view authorization;  ///< Empty: none.
  std::string_view body;
  bool closes = false;   ///< `Connection: close`.
  std::size_t size = 0;  ///< Of all its bytes.
};

/// What there is at the front of `bytes`; empty while something is missing. Errors:
/// `errc::invalid_argument` for what is no request with a length of at most 64 MiB.
[[nodiscard]] expected<std::optional<stub_http_request>> read_stub_http(std::string_view bytes);

}  // namespace libagent::lab
