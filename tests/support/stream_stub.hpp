#pragma once

#include "libagent/adapters/owned_descriptor.hpp"

#include "tests/support/loopback_server.hpp"
#include "tests/support/web_calls.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace libagent::testing {

/// How a `stream_stub` answers every request.
struct stream_script {
  std::vector<std::string> pieces;  ///< Each is one chunk of the body.
  std::chrono::milliseconds spacing{0};
};

/// A server of slow streams by the thousand, on one thread of its own. Knows just enough HTTP:
/// requests without a body, or with one that comes together with its head.
class stream_stub {
public:
  explicit stream_stub(stream_script script)
      : script_{std::move(script)}, thread_{[this] { run(); }} {}

  stream_stub(const stream_stub&) = delete;
  stream_stub& operator=(const stream_stub&) = delete;

  ~stream_stub() {
    (void)::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  [[nodiscard]] std::string url() const { return url_at(listener_, "/stream"); }

  [[nodiscard]] std::size_t connections() const { return connections_; }

  /// The most streams that were under way at a time.
  [[nodiscard]] std::size_t streams_max() const { return streams_max_; }

private:
  struct stream {
    owned_descriptor socket;
    std::string received;
    std::size_t next_piece = 0;
    bool is_answering = false;
  };

  using clock = std::chrono::steady_clock;
  using due_stream = std::pair<clock::time_point, int>;

  void watch(int descriptor) const {
    epoll_event wanted{.events = EPOLLIN, .data = {.fd = descriptor}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &wanted) != 0)
      throw std::runtime_error{"epoll_ctl"};
  }

  void run() {
    watch(stop_.get());
    watch(listener_.descriptor());
    std::array<epoll_event, 256> events{};
    while (true) {
      const auto count = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms());
      for (int i = 0; i < count; ++i) {
        const auto ready = events.at(static_cast<std::size_t>(i)).data.fd;
        if (ready == stop_.get())
          return;
        ready == listener_.descriptor() ? accept_one() : receive_from(ready);
      }
      while (!due_.empty() && due_.top().first <= clock::now()) {
        const auto descriptor = due_.top().second;
        due_.pop();
        send_piece(descriptor);
      }
    }
  }

  [[nodiscard]] int wait_ms() const {
    if (due_.empty())
      return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.top().first - clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000));
  }

  void accept_one() {
    owned_descriptor socket{::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC)};
    const auto number = socket.get();
    watch(number);
    streams_[number].socket = std::move(socket);
    ++connections_;
  }

  void receive_from(int descriptor) {
    auto& from = streams_.at(descriptor);
    std::array<char, 8192> buffer{};
    const auto count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      if (from.is_answering)
        --streams_now_;
      streams_.erase(descriptor);
      return;
    }
    from.received.append(buffer.data(), static_cast<std::size_t>(count));
    if (from.is_answering || from.received.find("\r\n\r\n") == std::string::npos)
      return;
    from.received.clear();
    from.is_answering = true;
    from.next_piece = 0;
    streams_max_ = std::max<std::size_t>(streams_max_, ++streams_now_);
    send(descriptor, chunked_head);
    send_piece(descriptor);
  }

  void send_piece(int descriptor) {
    const auto found = streams_.find(descriptor);
    if (found == streams_.end() || !found->second.is_answering)
      return;  // The client has gone.
    auto& to = found->second;
    send(descriptor, as_chunk(script_.pieces.at(to.next_piece)));
    if (++to.next_piece < script_.pieces.size()) {
      due_.emplace(clock::now() + script_.spacing, descriptor);
      return;
    }
    to.is_answering = false;
    --streams_now_;
    send(descriptor, as_chunk(""));
  }

  static void send(int descriptor, std::string_view text) {
    (void)::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);  // Small enough to fit.
  }

  stream_script script_;
  loopback_server listener_;
  owned_descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  owned_descriptor stop_{::eventfd(0, EFD_CLOEXEC)};
  std::unordered_map<int, stream> streams_;
  std::priority_queue<due_stream, std::vector<due_stream>, std::greater<>> due_;
  std::size_t streams_now_ = 0;
  std::atomic<std::size_t> streams_max_{0};
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

}  // namespace libagent::testing
