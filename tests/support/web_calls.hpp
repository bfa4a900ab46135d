#pragma once

#include "libagent/ports/web_client.hpp"

#include "tests/support/loopback_server.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace libagent::testing {

/// What arrived of one call, to be waited for from the test's thread.
class web_answer {
public:
  /// Fills in the callbacks of `call` and starts it.
  static std::shared_ptr<web_answer> of(web_client& client, web_call call) {
    auto answer = std::make_shared<web_answer>();
    call.on_head = [answer](int status, const http_headers& headers) {
      answer->change([&] {
        answer->status_ = status;
        answer->headers_ = headers;
      });
    };
    call.on_body = [answer](std::string_view piece) {
      answer->change([&] { answer->body_ += piece; });
    };
    call.on_end = [answer](expected<void> end) {
      answer->change([&] {
        answer->end_ = std::move(end);
        ++answer->ends_;
      });
    };
    client.start(std::move(call));
    return answer;
  }

  /// How it ended; throws when it did not within 50 seconds.
  expected<void> end() {
    wait([this] { return end_.has_value(); });
    return *end_;
  }

  /// Waits until at least that much of the body is there.
  std::string body(std::size_t size = 0) {
    wait([&] { return body_.size() >= size; });
    const std::lock_guard guard{mutex_};
    return body_;
  }

  [[nodiscard]] int status() const {
    const std::lock_guard guard{mutex_};
    return status_;
  }

  [[nodiscard]] http_headers headers() const {
    const std::lock_guard guard{mutex_};
    return headers_;
  }

  [[nodiscard]] int ends() const {
    const std::lock_guard guard{mutex_};
    return ends_;
  }

private:
  template <class Change>
  void change(const Change& apply) {
    const std::lock_guard guard{mutex_};
    apply();
    changed_.notify_all();
  }

  template <class Condition>
  void wait(const Condition& holds) {
    std::unique_lock guard{mutex_};
    if (!changed_.wait_for(guard, std::chrono::seconds{50}, holds))
      throw std::runtime_error{"the call did not get there within 50 seconds"};
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int status_ = 0;
  http_headers headers_;
  std::string body_;
  std::optional<expected<void>> end_;
  int ends_ = 0;
};

[[nodiscard]] inline std::string url_at(const loopback_server& server, std::string_view path) {
  return "http://127.0.0.1:" + std::to_string(server.port()).append(path);
}

/// Reads one request, with a body if it has a Content-Length.
[[nodiscard]] inline std::string receive_request(const loopback_peer& peer) {
  std::string all;
  auto head = std::string::npos;
  while ((head = all.find("\r\n\r\n")) == std::string::npos) {
    const auto piece = peer.receive();
    if (piece.empty())
      throw std::runtime_error{"closed within the head: " + all};
    all += piece;
  }
  std::size_t length = 0;
  if (const auto field = all.find("Content-Length: "); field < head)
    length = std::stoul(all.substr(field + 16));
  const auto missing = head + 4 + length - all.size();
  return missing > 0 && missing <= length ? all + peer.receive(missing) : all;
}

inline constexpr std::string_view chunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// `text` as one chunk of a chunked body; an empty one ends it.
[[nodiscard]] inline std::string as_chunk(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (auto left = text.size(); left > 0 || size.empty(); left /= 16)
    size.insert(size.begin(), digits[left % 16]);
  return size + "\r\n" + std::string{text} + "\r\n";
}

/// A whole answer with a length.
[[nodiscard]] inline std::string as_answer(int status, std::string_view body,
                                           std::string_view fields = {}) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string{fields} +
         "\r\n" + std::string{body};
}

}  // namespace libagent::testing
