#pragma once

#include "libagent/ports/chat_model.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// A request of one message by a user.
[[nodiscard]] inline chat_request asking(std::string text) {
  return {.model = "m", .messages = {{.role = chat_role::user, .content = std::move(text)}}};
}

/// What came of one chat call, to be waited for from the test's thread.
class chat_answer {
public:
  /// Fills in the callbacks of `call`, also a request if it has none, and starts it.
  static std::shared_ptr<chat_answer> of(chat_model& model, chat_call call = {}) {
    auto answer = std::make_shared<chat_answer>();
    if (!call.request)
      call.request = std::make_shared<chat_request>(asking("hello"));
    call.on_delta = [answer](const chat_delta& delta) {
      answer->change([&] {
        answer->deltas_.push_back(delta);
        answer->text_ += delta.content;
      });
    };
    call.on_end = [answer](chat_end end) {
      answer->change([&] {
        answer->end_ = std::move(end);
        ++answer->ends_;
      });
    };
    model.start(std::move(call));
    return answer;
  }

  /// How it ended; throws when it did not within ten seconds.
  chat_end end() {
    std::unique_lock guard{mutex_};
    wait(guard, [this] { return end_.has_value(); });
    return *end_;
  }

  /// Waits until at least that much text was written.
  std::string text(std::size_t size) {
    std::unique_lock guard{mutex_};
    wait(guard, [&] { return text_.size() >= size; });
    return text_;
  }

  [[nodiscard]] std::vector<chat_delta> deltas() const {
    const std::lock_guard guard{mutex_};
    return deltas_;
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
  void wait(std::unique_lock<std::mutex>& guard, const Condition& holds) {
    if (!changed_.wait_for(guard, std::chrono::seconds{10}, holds))
      throw std::runtime_error{"the call did not get there within ten seconds"};
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<chat_delta> deltas_;
  std::string text_;
  std::optional<chat_end> end_;
  int ends_ = 0;
};

}  // namespace libagent::testing
