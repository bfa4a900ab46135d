#include "apps/lab/loopback_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace libagent::lab {

loopback_socket::~loopback_socket() {
  if (descriptor_ >= 0)
    (void)::close(descriptor_);
}

bool loopback_socket::send(std::string_view bytes) const {
  return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

loopback_socket connect_loopback(std::uint16_t port) {
  loopback_socket made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  (void)::setsockopt(made.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(made.descriptor(), where, sizeof address) == 0 ? std::move(made)
                                                                  : loopback_socket{};
}

}  // namespace libagent::lab
