#include "apps/lab/faults/http_call.hpp"

#include "apps/lab/io_socket.hpp"
#include "libagent/adapters/owned_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>

namespace libagent::lab {

namespace {

bool wait_for_socket(int socket, short events, time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  pollfd asked{.fd = socket, .events = events, .revents = 0};
  return left.count() > 0 && ::poll(&asked, 1, static_cast<int>(left.count())) > 0;
}

std::string text_of(const http_call& call) {
  auto text = call.method + " " + call.path +
              " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Client-Id: " + call.client +
              "\r\nConnection: close\r\n";
  if (!call.key.empty())
    text += "Idempotency-Key: " + call.key + "\r\n";
  if (!call.body.empty()) {
    text +=
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(call.body.size()) +
        "\r\n";
  }
  return text + "\r\n" + call.body;
}

/// The number behind a header's name; the names that matter here are ours to spell.
std::optional<std::size_t> length_in(std::string head) {
  std::ranges::transform(head, head.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::string_view name = "\r\ncontent-length:";
  const auto at = head.find(name);
  if (at == std::string::npos)
    return std::nullopt;
  const auto begin = head.find_first_not_of(' ', at + name.size());
  std::size_t length = 0;
  const auto read = std::from_chars(head.data() + begin, head.data() + head.size(), length);
  return read.ec == std::errc{} ? std::optional{length} : std::nullopt;
}

/// Empty while something is missing.
std::optional<http_answer> answer_in(const std::string& got) {
  const auto head_end = got.find("\r\n\r\n");
  if (head_end == std::string::npos || !got.starts_with("HTTP/1.1 "))
    return std::nullopt;
  const auto length = length_in(got.substr(0, head_end + 2));
  const auto body = got.substr(head_end + 4);
  if (!length || body.size() < *length)
    return std::nullopt;
  http_answer answer;
  (void)std::from_chars(got.data() + 9, got.data() + 12, answer.status);
  answer.body = nlohmann::json::parse(body, nullptr, false);
  return answer;
}

}  // namespace

expected<http_answer> call_http(std::uint16_t port, const http_call& call, time_point until) {
  const auto asked_at = std::chrono::steady_clock::now();
  const auto socket = connect_to(port, SOCK_NONBLOCK);
  if (!socket || !wait_for_socket(socket->get(), POLLOUT, until))
    return error{errc::unavailable, "call " + call.path + ": no connection"};
  int failed = 0;
  socklen_t size = sizeof failed;
  if (::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &failed, &size) != 0 || failed != 0)
    return error{errc::unavailable, "call " + call.path + ": no connection"};
  // A request fits into the socket's buffer.
  const auto text = text_of(call);
  if (::send(socket->get(), text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size()))
    return error{errc::io_failed, "call " + call.path + ": it was not sent whole"};
  std::string got;
  for (;;) {
    if (auto answer = answer_in(got)) {
      answer->asked_at = asked_at;
      return *std::move(answer);
    }
    std::array<char, 4096> piece{};
    if (!wait_for_socket(socket->get(), POLLIN, until))
      return error{errc::io_failed, "call " + call.path + ": no answer in time"};
    const auto count = ::recv(socket->get(), piece.data(), piece.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (count <= 0)
      return error{errc::io_failed, "call " + call.path + ": the connection ended"};
    got.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace libagent::lab
