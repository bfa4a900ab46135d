#pragma once

#include "libagent/ports/web_client.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// A web client that does nothing by itself: the test answers. A call that is stopped ends with
/// `cancelled`. Thread safety: none; for tests on one thread.
class fake_web_client final : public web_client {
public:
  void start(web_call call) override {
    auto live = std::make_shared<live_call>();
    live->call = std::move(call);
    calls_.push_back(live);
    live->on_stop.emplace(live->call.stop, [weak = std::weak_ptr{live}] {
      if (const auto alive = weak.lock())
        end(*alive, error{errc::cancelled, "cancelled"});
    });
  }

  /// Calls that were ever started.
  [[nodiscard]] std::size_t started() const { return calls_.size(); }

  [[nodiscard]] const web_call& call(std::size_t at) const { return calls_.at(at)->call; }

  [[nodiscard]] bool has_ended(std::size_t at) const { return !calls_.at(at)->call.on_end; }

  void answer(std::size_t at, int status, const std::string& body = {},
              const http_headers& headers = {}) {
    auto& live = *calls_.at(at);
    if (live.call.on_head)
      live.call.on_head(status, headers);
    if (!body.empty())
      live.call.on_body(body);
    end(live, {});
  }

  void fail(std::size_t at, error why) { end(*calls_.at(at), std::move(why)); }

private:
  struct live_call {
    web_call call;
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
  };

  static void end(live_call& live, expected<void> how) {
    if (const auto on_end = std::exchange(live.call.on_end, nullptr))
      on_end(std::move(how));
  }

  std::vector<std::shared_ptr<live_call>> calls_;
};

}  // namespace libagent::testing
