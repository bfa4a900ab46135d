#include "apps/lab/loopback_socket.hpp"

#include "apps/lab/io_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace libagent::lab {

bool send_at_once(const owned_descriptor& socket, std::string_view bytes) {
  return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

owned_descriptor connect_loopback(std::uint16_t port) {
  auto made = connect_to(port, 0);
  if (!made)
    return {};
  const int on = 1;
  (void)::setsockopt(made->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return *std::move(made);
}

}  // namespace libagent::lab
