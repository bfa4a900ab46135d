#include "apps/lab/io_server.hpp"

#include "apps/lab/io_socket.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <iostream>
#include <netinet/in.h>
#include <string>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

using steady = std::chrono::steady_clock;

// The kernel queues at most net.core.somaxconn (mostly 4,096) connections for one listener and
// drops what comes beyond, which the client tries again after a whole second. Several listeners on
// one port have a queue each.
constexpr int listeners_on_the_port = 8;

struct waiting_client {
  owned_descriptor socket;
  std::string said;
};

/// Whose answer is due when. All wait equally long, so that they are due in the order they came.
struct due_answer {
  steady::time_point when;
  int number;
};

class wait_server {
public:
  explicit wait_server(std::chrono::milliseconds wait) : wait_{wait} {}

  expected<std::uint16_t> listen();
  void serve();

private:
  expected<void> add_listener(sockaddr_in& address);
  [[nodiscard]] int milliseconds_to_next() const;
  void watch(int number) const;
  void accept_all(int listener);
  void read(int number);
  void answer_due();

  const std::chrono::milliseconds wait_;
  owned_descriptor poll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::vector<owned_descriptor> listeners_;
  std::vector<waiting_client> clients_;  ///< By the number of their descriptor.
  std::deque<due_answer> due_;
};

expected<void> wait_server::add_listener(sockaddr_in& address) {
  owned_descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int on = 1;
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  if (!socket.is_open() ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      ::bind(socket.get(), where, size) != 0 || ::listen(socket.get(), 4096) != 0 ||
      ::getsockname(socket.get(), where, &size) != 0)
    return system_error_of("listen on 127.0.0.1");
  watch(socket.get());
  listeners_.push_back(std::move(socket));
  return {};
}

expected<std::uint16_t> wait_server::listen() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < listeners_on_the_port; ++i) {
    // The first gets any free port, and the others get the same.
    if (const auto added = add_listener(address); !added)
      return added.error();
  }
  return ntohs(address.sin_port);
}

void wait_server::watch(int number) const {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.fd = number;
  (void)::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, number, &wanted);
}

int wait_server::milliseconds_to_next() const {
  if (due_.empty())
    return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.front().when - steady::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

void wait_server::serve() {
  std::array<epoll_event, 512> ready{};
  while (true) {
    const int count = ::epoll_wait(poll_.get(), ready.data(), static_cast<int>(ready.size()),
                                   milliseconds_to_next());
    for (int i = 0; i < count; ++i) {
      const int number = ready[static_cast<std::size_t>(i)].data.fd;
      const bool is_listener =
          std::ranges::find(listeners_, number, &owned_descriptor::get) != listeners_.end();
      is_listener ? accept_all(number) : read(number);
    }
    answer_due();
  }
}

void wait_server::accept_all(int listener) {
  while (true) {
    owned_descriptor socket{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket.is_open())
      return;
    const auto number = static_cast<std::size_t>(socket.get());
    if (clients_.size() <= number)
      clients_.resize(number + 1);
    clients_[number] = {.socket = std::move(socket), .said = {}};
    // The line is mostly there already, and then there is nothing to watch.
    read(clients_[number].socket.get());
    if (clients_[number].socket.is_open() && !clients_[number].said.ends_with('\n'))
      watch(clients_[number].socket.get());
  }
}

void wait_server::read(int number) {
  auto& client = clients_[static_cast<std::size_t>(number)];
  std::array<char, 256> piece{};
  const auto count = ::recv(number, piece.data(), piece.size(), 0);
  if (count < 0)
    return;
  if (count == 0) {
    // Whoever leaves early stays open until its answer is due, so that the number is not reused.
    if (client.said.ends_with('\n')) {
      (void)::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, number, nullptr);
    } else {
      client = {};
    }
    return;
  }
  // One line for each connection; what comes after it is not looked at.
  if (client.said.ends_with('\n'))
    return;
  client.said.append(piece.data(), static_cast<std::size_t>(count));
  if (client.said.ends_with('\n'))
    due_.push_back({steady::now() + wait_, number});
}

void wait_server::answer_due() {
  const auto now = steady::now();
  for (; !due_.empty() && due_.front().when <= now; due_.pop_front()) {
    auto& client = clients_[static_cast<std::size_t>(due_.front().number)];
    client.said.pop_back();
    client.said += " done\n";
    // With more to come, answer and end of the connection travel in one packet.
    (void)::send(client.socket.get(), client.said.data(), client.said.size(),
                 MSG_NOSIGNAL | MSG_MORE);
    client = {};
  }
}

}  // namespace

int run_wait_server(std::chrono::milliseconds wait) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  wait_server server{wait};
  const auto port = server.listen();
  if (!port) {
    std::cerr << "agent-lab: " << to_string(port.error()) << '\n';
    return 1;
  }
  std::cout << *port << '\n' << std::flush;
  server.serve();
  return 0;
}

}  // namespace libagent::lab
