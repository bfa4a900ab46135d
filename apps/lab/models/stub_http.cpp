#include "apps/lab/models/stub_http.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace libagent::lab {

namespace {

constexpr std::size_t stub_head_max = 64U << 10U;
constexpr std::size_t stub_body_max = 64U << 20U;

bool equal_without_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(left, right, {}, lower, lower);
}

expected<void> take_header(std::string_view line, stub_http_request& request, std::size_t& length) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos)
    return error{errc::invalid_argument, "read a header: there is no colon"};
  const auto name = line.substr(0, colon);
  auto value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  if (equal_without_case(name, "content-length")) {
    const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
    if (read.ec != std::errc{} || read.ptr != value.data() + value.size() || length > stub_body_max)
      return error{errc::invalid_argument, "read Content-Length: expected at most 64 MiB"};
  } else if (equal_without_case(name, "authorization")) {
    request.authorization = value;
  } else if (equal_without_case(name, "connection")) {
    request.closes = equal_without_case(value, "close");
  } else if (equal_without_case(name, "transfer-encoding")) {
    return error{errc::invalid_argument, "read a body: only those with a Content-Length"};
  }
  return {};
}

}  // namespace

expected<std::optional<stub_http_request>> read_stub_http(std::string_view bytes) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (bytes.size() > stub_head_max)
      return error{errc::invalid_argument, "read a request: its head does not end"};
    return std::optional<stub_http_request>{};
  }
  auto head = bytes.substr(0, head_end);
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return error{errc::invalid_argument, "read a request: expected METHOD PATH VERSION"};
  stub_http_request request{.method = line.substr(0, first),
                            .path = line.substr(first + 1, second - first - 1)};
  request.path = request.path.substr(0, request.path.find('?'));
  std::size_t length = 0;
  while (head.find("\r\n") != std::string_view::npos) {
    head.remove_prefix(head.find("\r\n") + 2);
    if (const auto taken = take_header(head.substr(0, head.find("\r\n")), request, length); !taken)
      return taken.error();
  }
  request.size = head_end + 4 + length;
  if (bytes.size() < request.size)
    return std::optional<stub_http_request>{};
  request.body = bytes.substr(head_end + 4, length);
  return std::optional{request};
}

}  // namespace libagent::lab
