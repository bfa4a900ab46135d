#pragma once

#include "actors/protocol/interfaces.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/chat_model.hpp"

#include <caf/actor_control_block.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace libagent::actors {

/// The way from threads of providers, and of those who cancel, back to the model gateway.
///
/// Providers may outlive the gateway and its actor system: once the line is closed nothing goes
/// through it any more. Thread safety: any thread.
class gateway_line {
public:
  /// What came in since the last look.
  struct news {
    std::vector<std::uint64_t> cancelled;
    std::vector<std::pair<std::size_t, expected<chat_model_facts>>> facts;
  };

  /// `now` must be callable from any thread.
  gateway_line(caf::weak_actor_ptr gateway, std::function<time_point()> now)
      : gateway_{std::move(gateway)}, now_{std::move(now)} {}

  void send_end(std::uint64_t id, std::shared_ptr<chat_end> end);
  void send_cancel(std::uint64_t id);
  void send_facts(std::size_t provider, expected<chat_model_facts> facts);

  [[nodiscard]] news take();

  /// From now on nothing reaches the gateway.
  void close();

  [[nodiscard]] time_point now() const { return now_(); }

private:
  template <class... Args>
  void send(Args&&... args);

  std::mutex mutex_;
  caf::weak_actor_ptr gateway_;  // null once closed
  news news_;
  std::function<time_point()> now_;
};

using gateway_line_ptr = std::shared_ptr<gateway_line>;

}  // namespace libagent::actors
