#include "apps/lab/io_socket.hpp"

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

error system_error_of(std::string_view tried) {
  return {errc::io_failed, std::string{tried} + ": " + std::generic_category().message(errno)};
}

expected<owned_descriptor> connect_to(std::uint16_t port, int flags) {
  owned_descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
  if (!socket.is_open())
    return system_error_of("make a socket");
  // The request that follows acknowledges the connection too; async_net does the same.
  const int off = 0;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), where, sizeof address) != 0 && errno != EINPROGRESS)
    return system_error_of("connect");
  return socket;
}

expected<std::string> ask_blocking(std::uint16_t port, std::string_view request) {
  const auto socket = connect_to(port, 0);
  if (!socket)
    return socket.error();
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return system_error_of("send");
  std::string answer;
  while (!answer.ends_with('\n')) {
    std::array<char, 256> piece{};
    const auto count = ::recv(socket->get(), piece.data(), piece.size(), 0);
    if (count < 0)
      return system_error_of("receive");
    if (count == 0)
      return error{errc::unavailable, "receive: the server closed"};
    answer.append(piece.data(), static_cast<std::size_t>(count));
  }
  answer.pop_back();
  return answer;
}

}  // namespace libagent::lab
