#pragma once

#include "libagent/adapters/http_server.hpp"

#include "tests/support/raw_http_client.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace libagent::testing {

/// The smallest request that the server passes on.
inline constexpr const char* get_a = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// A handler made from a function.
class function_handler final : public http_handler {
public:
  using function = std::function<void(http_exchange_ptr)>;

  explicit function_handler(function f) : function_{std::move(f)} {}

  void handle(http_exchange_ptr exchange) override { function_(std::move(exchange)); }

private:
  function function_;
};

/// Hands exchanges from the I/O thread to the test, in order.
class exchange_queue {
public:
  void put(http_exchange_ptr exchange) {
    const std::lock_guard guard{mutex_};
    waiting_.push_back(std::move(exchange));
    changed_.notify_all();
  }

  /// Waits for the next one, at most ten seconds.
  [[nodiscard]] http_exchange_ptr take() {
    std::unique_lock guard{mutex_};
    if (!changed_.wait_for(guard, std::chrono::seconds{10}, [this] { return !waiting_.empty(); })) {
      throw std::runtime_error{"no request arrived within ten seconds"};
    }
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<http_exchange_ptr> waiting_;
};

/// Something that happens once, on another thread.
class signal_once {
public:
  void set() { promise_.set_value(); }

  /// Whether it happened within ten seconds.
  [[nodiscard]] bool wait() {
    return future_.wait_for(std::chrono::seconds{10}) == std::future_status::ready;
  }

  [[nodiscard]] bool is_set() const {
    return future_.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
  }

private:
  std::promise<void> promise_;
  std::future<void> future_ = promise_.get_future();
};

/// Options for tests: any port, and limits kept to a few milliseconds.
[[nodiscard]] inline http_options quick_options() {
  http_options options;
  options.port = 0;
  options.sweep_interval = std::chrono::milliseconds{5};
  return options;
}

/// A server that runs as long as this object.
class running_server {
public:
  explicit running_server(function_handler::function answer, http_options options = quick_options())
      : server_{make_http_server(std::move(options),
                                 std::make_shared<function_handler>(std::move(answer)))} {
    auto port = server_->start();
    if (!port) {
      throw std::runtime_error{to_string(port.error())};
    }
    port_ = *port;
  }

  [[nodiscard]] raw_http_client connect(int receive_buffer_bytes = 0) const {
    return raw_http_client{port_, receive_buffer_bytes};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  http_server* operator->() const { return server_.get(); }

private:
  std::unique_ptr<http_server> server_;
  std::uint16_t port_ = 0;
};

/// Answers with method, path and body.
inline void echo(const http_exchange_ptr& exchange) {
  const auto& request = exchange->request();
  exchange->respond(text_response(200, request.method + " " + request.path + " " + request.body));
}

}  // namespace libagent::testing
