#include "libagent/adapters/http_listener.hpp"

#include "libagent/base/contract.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

struct socket_place {
  const sockaddr* address;
  socklen_t size;
  int family;
};

void close_all(std::vector<int>& descriptors) {
  for (const int descriptor : descriptors)
    ::close(descriptor);
  descriptors.clear();
}

std::string host_and_port(const std::string& host, std::uint16_t port) {
  const bool is_v6_literal = host.find(':') != std::string::npos;
  return (is_v6_literal ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

error listen_error(const std::string& place, int number) {
  if (number == EADDRINUSE) {
    return {errc::already_exists,
            "listen on " + place + ": address already in use (another program listens there)"};
  }
  return {errc::io_failed, "listen on " + place + ": " + std::generic_category().message(number)};
}

/// A bound socket, or the negative errno.
int bound_socket(const socket_place& place, bool shared) {
  const int descriptor =
      ::socket(place.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0)
    return -errno;
  const int on = 1;
  bool good = ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
  if (shared)
    good = good && ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
  good = good && ::bind(descriptor, place.address, place.size) == 0;
  if (good)
    return descriptor;
  const int number = errno;
  ::close(descriptor);
  return -number;
}

std::uint16_t port_of_address(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void set_port(sockaddr_storage& address, std::uint16_t port) {
  if (address.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
  }
}

/// Zero, or the errno of what failed. On success `out` is complete.
int listen_on(sockaddr_storage address, socklen_t size, std::size_t count, http_listeners& out) {
  const socket_place place{reinterpret_cast<const sockaddr*>(&address), size, address.ss_family};
  if (count > 1) {
    const int probe = bound_socket(place, /*shared=*/false);
    if (probe < 0)
      return -probe;
    // Port 0 became a real one here; all the sockets must share it.
    sockaddr_storage actual = address;
    socklen_t actual_size = sizeof actual;
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&actual), &actual_size);
    set_port(address, port_of_address(actual));
    ::close(probe);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const int descriptor = bound_socket(place, count > 1);
    if (descriptor < 0)
      return -descriptor;
    out.descriptors.push_back(descriptor);
    if (::listen(descriptor, SOMAXCONN) != 0)
      return errno;
  }
  sockaddr_storage actual{};
  socklen_t actual_size = sizeof actual;
  ::getsockname(out.descriptors.front(), reinterpret_cast<sockaddr*>(&actual), &actual_size);
  out.port = port_of_address(actual);
  out.family = address.ss_family;
  return 0;
}

}  // namespace

http_listeners::http_listeners(http_listeners&& other) noexcept
    : descriptors{std::exchange(other.descriptors, {})}, port{other.port}, family{other.family} {}

http_listeners& http_listeners::operator=(http_listeners&& other) noexcept {
  std::swap(descriptors, other.descriptors);
  port = other.port;
  family = other.family;
  return *this;
}

http_listeners::~http_listeners() {
  close_all(descriptors);
}

expected<http_listeners> open_http_listeners(const std::string& host, std::uint16_t port,
                                             std::size_t count) {
  LIBAGENT_EXPECTS(count > 0);
  const auto place = host_and_port(host, port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failure != 0) {
    return error{errc::invalid_argument, "listen on " + place + ": the host is not known (" +
                                             ::gai_strerror(failure) + ")"};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
  int first_error = 0;
  for (const auto* candidate = found; candidate != nullptr; candidate = candidate->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, candidate->ai_addr, candidate->ai_addrlen);
    http_listeners listeners;
    const int number = listen_on(address, candidate->ai_addrlen, count, listeners);
    if (number == 0)
      return listeners;
    first_error = first_error == 0 ? number : first_error;
    // "localhost" has two addresses. Listening on one while a stranger has the port of the other
    // would leave it to each client whom it reaches.
    if (number == EADDRINUSE)
      break;
  }
  return listen_error(place, first_error);
}

}  // namespace libagent
