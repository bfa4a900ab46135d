#pragma once

#include <cstdint>
#include <string_view>

namespace libagent::lab {

/// What came over a connection so far, as the answer to one request.
enum class wire_answer : std::uint8_t { incomplete, good, bad };

/// A whole HTTP response with a Content-Length; good when its status is 200.
[[nodiscard]] wire_answer read_http_answer(std::string_view received);

/// One line; good when it is "ok".
[[nodiscard]] wire_answer read_line_answer(std::string_view received);

}  // namespace libagent::lab
