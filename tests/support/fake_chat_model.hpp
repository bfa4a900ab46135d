#pragma once

#include "libagent/ports/chat_model.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// A chat model that does nothing by itself: the test writes deltas and ends calls. A call that is
/// stopped ends with `cancelled`, unless it is `deaf`. Thread safety: `start` and stops, any
/// thread.
class fake_chat_model final : public chat_model {
public:
  struct live_call {
    chat_call call;
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
  };

  void start(chat_call call) override {
    auto live = std::make_shared<live_call>();
    live->call = std::move(call);
    const std::lock_guard guard{mutex_};
    calls_.push_back(live);
    if (!deaf)
      live->on_stop.emplace(live->call.stop, [weak = std::weak_ptr{live}] { stop(weak); });
  }

  void start(embedding_call call) override { embeddings.push_back(std::move(call)); }

  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override {
    ++look_ups;
    on_facts(facts);
  }

  /// Calls that were ever started.
  [[nodiscard]] std::size_t started() const {
    const std::lock_guard guard{mutex_};
    return calls_.size();
  }

  [[nodiscard]] chat_call& call(std::size_t at) { return calls_.at(at)->call; }

  void write(std::size_t at, const std::string& text) {
    if (call(at).on_delta)
      call(at).on_delta({.content = text, .reasoning = {}, .tool_calls = {}});
  }

  void succeed(std::size_t at, const std::string& text, token_usage usage = {}) {
    chat_reply reply;
    reply.id = "reply-1";
    reply.model = "exact-model";
    reply.message.role = chat_role::assistant;
    reply.message.content = text;
    reply.usage = usage;
    end(at, {.reply = std::move(reply), .so_far = {}});
  }

  void fail(std::size_t at, error why, bool began = false) {
    end(at, {.reply = std::move(why), .so_far = {}, .began = began});
  }

  void end(std::size_t at, chat_end how) {
    const auto on_end = std::exchange(call(at).on_end, nullptr);
    if (on_end)
      on_end(std::move(how));
  }

  bool deaf = false;
  int look_ups = 0;
  expected<chat_model_facts> facts = chat_model_facts{};
  std::vector<embedding_call> embeddings;

private:
  static void stop(const std::weak_ptr<live_call>& weak) {
    const auto live = weak.lock();
    const auto on_end = live ? std::exchange(live->call.on_end, nullptr) : nullptr;
    if (on_end)
      on_end({.reply = error{errc::cancelled, "stopped"}, .so_far = {}});
  }

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<live_call>> calls_;
};

}  // namespace libagent::testing
