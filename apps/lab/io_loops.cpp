#include "apps/lab/io_loops.hpp"

#include "apps/lab/io_socket.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

/// Asks many servers at once on the calling thread.
class epoll_asker {
public:
  epoll_asker(std::uint16_t port, io_batch& batch, std::size_t tasks)
      : port_{port}, batch_{batch}, clients_(tasks), left_{tasks} {}

  void run() {
    // Those that are there already are served while the others still connect.
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      connect(i);
      if (i % 64 == 63)
        serve(0);
    }
    while (left_ > 0)
      serve(-1);
  }

private:
  struct client {
    owned_descriptor socket;
    bool has_sent = false;
    std::string line;
  };

  void connect(std::size_t index) {
    auto socket = connect_to(port_, SOCK_NONBLOCK);
    if (!socket)
      return end(index, socket.error());
    auto& asking = clients_[index];
    asking.socket = std::move(*socket);
    // Within one machine the connection mostly stands by now.
    const auto request = io_request(index);
    asking.has_sent = ::send(asking.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0;
    watch(index, EPOLL_CTL_ADD, asking.has_sent ? EPOLLIN : EPOLLOUT);
  }

  void watch(std::size_t index, int how, std::uint32_t what) {
    epoll_event wanted{};
    wanted.events = what;
    wanted.data.u64 = index;
    (void)::epoll_ctl(poll_.get(), how, clients_[index].socket.get(), &wanted);
  }

  void serve(int wait_ms) {
    const int count =
        ::epoll_wait(poll_.get(), ready_.data(), static_cast<int>(ready_.size()), wait_ms);
    for (int i = 0; i < count; ++i) {
      const auto index = static_cast<std::size_t>(ready_[static_cast<std::size_t>(i)].data.u64);
      clients_[index].has_sent ? receive(index) : send(index);
    }
  }

  void send(std::size_t index) {
    auto& asking = clients_[index];
    const auto request = io_request(index);
    if (::send(asking.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
      return end(index, system_error_of("connect or send"));
    asking.has_sent = true;
    watch(index, EPOLL_CTL_MOD, EPOLLIN);
  }

  void receive(std::size_t index) {
    auto& asking = clients_[index];
    std::array<char, 256> piece{};
    const auto count = ::recv(asking.socket.get(), piece.data(), piece.size(), 0);
    if (count < 0 && errno == EAGAIN)
      return;
    if (count <= 0)
      return end(index, error{errc::unavailable, "receive: the server closed"});
    asking.line.append(piece.data(), static_cast<std::size_t>(count));
    if (asking.line.ends_with('\n')) {
      asking.line.pop_back();
      end(index, std::move(asking.line));
    }
  }

  void end(std::size_t index, expected<std::string> line) {
    clients_[index].socket.reset();
    batch_.answered(index, std::move(line));
    --left_;
  }

  const std::uint16_t port_;
  io_batch& batch_;
  owned_descriptor poll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::vector<client> clients_;
  std::size_t left_;
  std::array<epoll_event, 256> ready_{};
};

}  // namespace

io_runner epoll_runner(std::uint16_t port) {
  return [port](const std::shared_ptr<io_batch>& batch, std::size_t tasks) {
    epoll_asker{port, *batch, tasks}.run();
  };
}

io_runner net_runner(std::shared_ptr<async_net> net, std::uint16_t port) {
  return [net = std::move(net), port](const std::shared_ptr<io_batch>& batch, std::size_t tasks) {
    for (std::size_t i = 0; i < tasks; ++i) {
      net->exchange(
          {.host = "127.0.0.1", .port = port, .request = io_request(i), .response_until = "\n"},
          [batch, i](expected<std::string> got) {
            if (got)
              got->pop_back();
            batch->answered(i, std::move(got));
          });
    }
  };
}

io_runner thread_runner(std::uint16_t port) {
  return [port](const std::shared_ptr<io_batch>& batch, std::size_t tasks) {
    std::vector<std::jthread> threads;
    threads.reserve(tasks);
    for (std::size_t i = 0; i < tasks; ++i) {
      threads.emplace_back(
          [port, i, &batch] { batch->answered(i, ask_blocking(port, io_request(i))); });
    }
  };
}

}  // namespace libagent::lab
