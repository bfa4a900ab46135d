#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace libagent::testing {

/// One accepted connection, worked by hand. All waiting is bounded; what a test cannot act upon
/// throws.
class loopback_peer {
public:
  explicit loopback_peer(int descriptor) : descriptor_{descriptor} {}

  loopback_peer(const loopback_peer&) = delete;
  loopback_peer& operator=(const loopback_peer&) = delete;

  loopback_peer(loopback_peer&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)} {}

  loopback_peer& operator=(loopback_peer&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  ~loopback_peer() { close(); }

  void close() {
    if (descriptor_ >= 0)
      ::close(std::exchange(descriptor_, -1));
  }

  /// Ends the connection with a reset.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count < 0)
        throw std::runtime_error{"the other side takes nothing more"};
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// Whether there is room for more on the way.
  [[nodiscard]] bool can_send_within(std::chrono::milliseconds limit) const {
    pollfd waited{.fd = descriptor_, .events = POLLOUT, .revents = 0};
    return ::poll(&waited, 1, static_cast<int>(limit.count())) == 1;
  }

  /// What comes next; empty when the other side has closed.
  [[nodiscard]] std::string receive() const {
    pollfd waited{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, 10'000) != 1)
      throw std::runtime_error{"nothing came within 10 s"};
    std::array<char, 4096> buffer{};
    const auto count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
  }

  /// What comes, up to `size` bytes of it.
  [[nodiscard]] std::string receive(std::size_t size) const {
    std::string all;
    while (all.size() < size) {
      const auto piece = receive();
      if (piece.empty())
        throw std::runtime_error{"closed after: " + all};
      all += piece;
    }
    return all;
  }

private:
  int descriptor_;
};

/// A listening socket on a free port of 127.0.0.1.
class loopback_server {
public:
  explicit loopback_server(int backlog = 4096) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (descriptor_ < 0 || ::bind(descriptor_, plain, size) != 0 ||
        ::listen(descriptor_, backlog) != 0 || ::getsockname(descriptor_, plain, &size) != 0)
      throw std::runtime_error{"cannot listen on 127.0.0.1"};
    port_ = ntohs(address.sin_port);
  }

  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  ~loopback_server() { close(); }

  void close() {
    if (descriptor_ >= 0)
      ::close(std::exchange(descriptor_, -1));
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] int descriptor() const { return descriptor_; }

  [[nodiscard]] loopback_peer accept() const {
    pollfd waited{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, 10'000) != 1)
      throw std::runtime_error{"nobody connected within 10 s"};
    return loopback_peer{::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC)};
  }

private:
  int descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
};

}  // namespace libagent::testing
