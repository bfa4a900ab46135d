#pragma once

#include "libagent/ports/async_net.hpp"

#include "tests/support/loopback_server.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace libagent::testing {

/// What a call will have come to.
template <class T>
using net_outcome = std::future<expected<T>>;

template <class T>
[[nodiscard]] expected<T> outcome_of(net_outcome<T>& pending) {
  if (pending.wait_for(std::chrono::seconds{10}) != std::future_status::ready)
    throw std::runtime_error{"no outcome within 10 s"};
  return pending.get();
}

template <class T>
[[nodiscard]] bool is_pending(const net_outcome<T>& pending) {
  return pending.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
}

/// Begins an exchange; a second answer would throw in the callback and end the test's process.
[[nodiscard]] inline net_outcome<std::string> ask(async_net& net, tcp_call call) {
  auto promise = std::make_shared<std::promise<expected<std::string>>>();
  auto pending = promise->get_future();
  net.exchange(std::move(call),
               [promise](expected<std::string> got) { promise->set_value(std::move(got)); });
  return pending;
}

[[nodiscard]] inline net_outcome<void> wait_for(async_net& net, duration length,
                                                std::stop_token stop = {}) {
  auto promise = std::make_shared<std::promise<expected<void>>>();
  auto pending = promise->get_future();
  net.wait(length, std::move(stop),
           [promise](expected<void> got) { promise->set_value(std::move(got)); });
  return pending;
}

[[nodiscard]] inline tcp_call call_to(const loopback_server& server,
                                      std::string request = "hello\n") {
  return {.host = "127.0.0.1", .port = server.port(), .request = std::move(request)};
}

[[nodiscard]] inline std::string place_of(const loopback_server& server) {
  return "ask 127.0.0.1:" + std::to_string(server.port()) + ": ";
}

}  // namespace libagent::testing
