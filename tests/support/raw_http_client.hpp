#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace libagent::testing {

/// A response as it came over the wire.
struct raw_http_response {
  int status = 0;
  std::string head;  ///< Status line and fields, without the blank line.
  std::string body;  ///< Chunks put together.

  /// The value of a field; empty when there is none.
  [[nodiscard]] std::string field(std::string_view name) const {
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(),
                                   [&](char a, char b) { return lower(a) == lower(b); });
    if (found == head.end() || *(found - 1) != '\n') {
      return {};
    }
    const auto rest = std::string_view{head}.substr(static_cast<std::size_t>(found - head.begin()) +
                                                    name.size() + 2);
    return std::string{rest.substr(0, rest.find('\r'))};
  }
};

/// A blocking TCP client on loopback that sends exactly the bytes it is told to.
///
/// Every wait ends after ten seconds with an exception, so that a broken server fails a test
/// instead of hanging it.
class raw_http_client {
public:
  /// `receive_buffer_bytes` makes a client that takes little before it reads; 0: the default.
  explicit raw_http_client(std::uint16_t port, int receive_buffer_bytes = 0)
      : descriptor_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    require(descriptor_ >= 0, "socket");
    const timeval longest{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer_bytes > 0) {
      ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                   sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
        "connect");
  }

  raw_http_client(raw_http_client&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)}, buffer_{std::move(other.buffer_)} {}

  raw_http_client(const raw_http_client&) = delete;
  raw_http_client& operator=(const raw_http_client&) = delete;
  raw_http_client& operator=(raw_http_client&&) = delete;

  ~raw_http_client() { disconnect(); }

  void send(std::string_view bytes) { require(try_send(bytes), "send"); }

  /// Whether the kernel took all of it; false once the server has reset the connection.
  [[nodiscard]] bool try_send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// Reads one response; `to_head` says that it answers a HEAD and so has no body.
  [[nodiscard]] raw_http_response receive(bool to_head = false) {
    raw_http_response response;
    response.head = read_until("\r\n\r\n");
    response.head.resize(response.head.size() - 2);
    require(response.head.starts_with("HTTP/1.1 "), "status line");
    response.status = std::stoi(response.head.substr(9, 3));
    if (to_head || response.status < 200 || response.status == 204 || response.status == 304) {
      return response;
    }
    if (response.field("Transfer-Encoding") == "chunked") {
      for (auto piece = receive_chunk(); !piece.empty(); piece = receive_chunk()) {
        response.body += piece;
      }
    } else if (const auto length = response.field("Content-Length"); !length.empty()) {
      response.body = read_exactly(std::stoul(length));
    } else {
      response.body = read_to_end();
    }
    return response;
  }

  /// Reads the head of a response whose body is to be read chunk by chunk.
  [[nodiscard]] raw_http_response receive_head() { return receive(/*to_head=*/true); }

  /// Reads one chunk of a chunked body; empty: the last.
  [[nodiscard]] std::string receive_chunk() {
    const auto line = read_until("\r\n");
    std::size_t size = 0;
    const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    require(failure == std::errc{} && *end == '\r', "chunk size");
    auto data = read_exactly(size + 2);
    require(data.ends_with("\r\n"), "chunk end");
    data.resize(size);
    return data;
  }

  /// Everything up to the end of the connection; a reset counts as an end.
  [[nodiscard]] std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }

  /// Whether the server has closed without sending anything more. Waits for it.
  [[nodiscard]] bool is_closed_by_server() { return read_to_end().empty(); }

  /// Closes the sending side only.
  void close_sending() { ::shutdown(descriptor_, SHUT_WR); }

  void disconnect() {
    if (descriptor_ >= 0) {
      ::close(std::exchange(descriptor_, -1));
    }
  }

  /// Closes with a reset instead of an orderly end.
  void reset() {
    const linger abrupt{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
    disconnect();
  }

private:
  static void require(bool good, const char* what) {
    if (!good) {
      throw std::runtime_error{std::string{"raw HTTP client: "} + what};
    }
  }

  /// Whether anything was added to the buffer before the end of the connection.
  bool fill() {
    char piece[16'384];
    const auto count = ::recv(descriptor_, piece, sizeof piece, 0);
    const int number = errno;
    require(count >= 0 || (number != EAGAIN && number != EWOULDBLOCK), "waited ten seconds");
    if (count <= 0) {
      return false;
    }
    buffer_.append(piece, static_cast<std::size_t>(count));
    return true;
  }

  std::string take(std::size_t size) {
    auto taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  std::string read_until(std::string_view end) {
    auto found = buffer_.find(end);
    for (; found == std::string::npos; found = buffer_.find(end)) {
      require(fill(), "the connection ended early");
    }
    return take(found + end.size());
  }

  std::string read_exactly(std::size_t size) {
    while (buffer_.size() < size) {
      require(fill(), "the connection ended early");
    }
    return take(size);
  }

  int descriptor_;
  std::string buffer_;
};

}  // namespace libagent::testing
