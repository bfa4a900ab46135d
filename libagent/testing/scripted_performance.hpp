#pragma once

#include "libagent/testing/manual_clock.hpp"
#include "libagent/testing/scripted_reply.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace libagent::testing {

/// The pieces that a reply is written in.
[[nodiscard]] std::vector<chat_delta> pieces_of(const chat_message& message,
                                                std::size_t piece_bytes);

/// What pieces come to.
[[nodiscard]] chat_message sum_of(const std::vector<chat_delta>& deltas);

/// One call that a scripted model answers.
///
/// Whatever moves it on (time, the gate, a stop) comes by `go_on`, on any thread; one thread at a
/// time does the work, also that of those who came meanwhile.
class scripted_performance : public std::enable_shared_from_this<scripted_performance> {
public:
  /// `on_over` runs before the call's `on_end`.
  scripted_performance(chat_call call, scripted_reply reply, std::shared_ptr<manual_clock> clock,
                       std::function<void()> on_over);

  /// Plays a reply without waits; it keeps itself until it has ended.
  static void play_alone(chat_call call, scripted_reply reply);

  void begin();
  /// Ends it with `cancelled`, if it has not ended.
  void cancel();

private:
  void go_on();
  [[nodiscard]] bool is_held_up();
  void play();
  void wait(duration length);
  void end(expected<chat_reply> reply);
  [[nodiscard]] bool ends_early();

  chat_call call_;
  scripted_reply reply_;
  std::shared_ptr<manual_clock> clock_;
  std::function<void()> on_over_;
  std::vector<chat_delta> deltas_;
  std::size_t next_ = 0;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;

  std::mutex mutex_;
  bool is_busy_ = true;  ///< Until `begin` has set it up.
  bool again_ = false;
  bool is_waiting_ = false;
  bool is_cancelled_ = false;
  bool is_late_ = false;
  bool is_over_ = false;
};

}  // namespace libagent::testing
