#include "apps/lab/wire_answers.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <optional>

namespace libagent::lab {

namespace {

/// The value of Content-Length; nothing when there is none.
std::optional<std::size_t> body_length(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length:";
  const auto found = std::ranges::search(
      head, name, {}, [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (found.empty())
    return std::nullopt;
  auto value = std::string_view{found.end(), head.end()};
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  std::size_t length = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
  return read.ec == std::errc{} ? std::optional{length} : std::nullopt;
}

}  // namespace

wire_answer read_http_answer(std::string_view received) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string_view::npos)
    return wire_answer::incomplete;
  const auto head = received.substr(0, head_end);
  const auto length = body_length(head);
  if (!length)
    return wire_answer::bad;
  if (received.size() < head_end + 4 + *length)
    return wire_answer::incomplete;
  return head.starts_with("HTTP/1.1 200 ") ? wire_answer::good : wire_answer::bad;
}

wire_answer read_line_answer(std::string_view received) {
  if (!received.ends_with('\n'))
    return wire_answer::incomplete;
  return received == "ok\n" ? wire_answer::good : wire_answer::bad;
}

}  // namespace libagent::lab
