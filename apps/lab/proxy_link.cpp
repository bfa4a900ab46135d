#include "apps/lab/proxy_link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace libagent::lab {

namespace {

bool lets_up(proxy_mode mode) {
  return mode == proxy_mode::pass || mode == proxy_mode::trickle || mode == proxy_mode::one_way;
}

bool lets_down(proxy_mode mode) {
  return mode == proxy_mode::pass || mode == proxy_mode::trickle;
}

bool is_only_not_yet() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOTCONN;
}

// A descriptor without a wish is not polled at all: poll would report its end over and over.
pollfd poll_entry(const owned_descriptor& socket, bool reads, bool writes) {
  const auto events = (reads ? unsigned{POLLIN} : 0U) | (writes ? unsigned{POLLOUT} : 0U);
  return {
      .fd = events == 0 ? -1 : socket.get(), .events = static_cast<short>(events), .revents = 0};
}

void reset_socket(owned_descriptor& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (socket.is_open())
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.reset();
}

}  // namespace

proxy_link::proxy_link(owned_descriptor client, owned_descriptor server)
    : client_{std::move(client)}, server_{std::move(server)} {}

pollfd proxy_link::wanted_of_client(proxy_mode mode) const {
  if (mode == proxy_mode::half_open)
    return poll_entry(client_, true, false);
  return poll_entry(client_, lets_up(mode) && up_.can_read(),
                    lets_down(mode) && !down_.held.empty());
}

pollfd proxy_link::wanted_of_server(proxy_mode mode) const {
  return poll_entry(server_, lets_down(mode) && down_.can_read(),
                    lets_up(mode) && !up_.held.empty());
}

bool proxy_link::pump(proxy_mode mode) {
  if (mode == proxy_mode::half_open)
    return swallow();
  if ((lets_up(mode) && !move_bytes(up_, client_.get(), server_.get())) ||
      (lets_down(mode) && !move_bytes(down_, server_.get(), client_.get()))) {
    reset();
    return false;
  }
  return !up_.is_end_passed || !down_.is_end_passed;
}

/// Returns false when one side is broken.
bool proxy_link::move_bytes(direction& way, int from, int to) {
  if (way.can_read()) {
    std::array<char, 16'384> buffer{};
    const auto count = ::recv(from, buffer.data(), std::min(buffer.size(), way.budget), 0);
    if (count < 0 && !is_only_not_yet())
      return false;
    if (count > 0) {
      way.held.assign(buffer.data(), static_cast<std::size_t>(count));
      way.budget -= static_cast<std::size_t>(count);
    }
    way.has_ended = count == 0;
  }
  if (!way.held.empty()) {
    const auto count = ::send(to, way.held.data(), way.held.size(), MSG_NOSIGNAL);
    if (count < 0 && !is_only_not_yet())
      return false;
    way.held.erase(0, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  if (way.has_ended && way.held.empty() && !way.is_end_passed)
    way.is_end_passed = ::shutdown(to, SHUT_WR) == 0 || !is_only_not_yet();
  return true;
}

/// Reads and forgets; returns false when the client has gone.
bool proxy_link::swallow() {
  std::array<char, 16'384> buffer{};
  const auto count = ::recv(client_.get(), buffer.data(), buffer.size(), 0);
  return count > 0 || (count < 0 && is_only_not_yet());
}

void proxy_link::set_budget(std::size_t bytes) {
  up_.budget = bytes;
  down_.budget = bytes;
}

void proxy_link::reset() {
  reset_socket(client_);
  reset_socket(server_);
}

}  // namespace libagent::lab
