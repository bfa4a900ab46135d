#pragma once

#include "libagent/base/time.hpp"
#include "libagent/ports/chat_model.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// What a scripted model does with one request; made by the functions below and refined by
/// chaining:
///
///     says("It is sunny.").in_pieces_of(3).after(50ms).when(last_user_says("weather"))
class scripted_reply {
public:
  using predicate = std::function<bool(const chat_request&)>;

  explicit scripted_reply(chat_end end) : end_{std::move(end)} {}

  /// Only for requests like this; without one it is for the next request, whatever it is.
  [[nodiscard]] scripted_reply when(predicate matches) &&;
  /// For every such request, not only for one.
  [[nodiscard]] scripted_reply always() &&;
  /// Writes text and arguments in pieces of at most that many bytes, never cutting a character.
  /// @pre `bytes` is at least 4.
  [[nodiscard]] scripted_reply in_pieces_of(std::size_t bytes) &&;
  /// Writes exactly these pieces; the reply becomes their sum.
  [[nodiscard]] scripted_reply in_deltas(std::vector<chat_delta> deltas) &&;
  /// Waits before the first piece; needs a clock.
  [[nodiscard]] scripted_reply after(duration wait) &&;
  /// Waits before each further piece; needs a clock.
  [[nodiscard]] scripted_reply every(duration wait) &&;
  [[nodiscard]] scripted_reply with_usage(token_usage usage) &&;
  [[nodiscard]] scripted_reply with_finish(finish_reason finish) &&;
  [[nodiscard]] scripted_reply with_reasoning(std::string reasoning) &&;
  /// Adds a call of a tool.
  [[nodiscard]] scripted_reply and_calls(std::string tool, std::string arguments,
                                         std::string id = {}) &&;
  /// Breaks off with `failure` after so many pieces.
  [[nodiscard]] scripted_reply cut_after(std::size_t deltas, error failure) &&;

private:
  friend class scripted_model;
  friend class scripted_performance;

  chat_end end_;  ///< With a reply whose calls may lack ids.
  predicate matches_;
  bool always_ = false;
  bool hangs_ = false;
  bool has_usage_ = false;
  std::size_t piece_bytes_ = 0;  ///< 0: all at once.
  std::optional<std::vector<chat_delta>> deltas_;
  duration first_wait_{};
  duration next_wait_{};
  std::optional<std::size_t> cut_after_;
  error cut_with_;

  friend scripted_reply hangs();
};

/// A reply of text.
[[nodiscard]] scripted_reply says(std::string text);
/// A reply that calls a tool; `arguments` is JSON, or on purpose not. Calls without an `id` are
/// named `call_1`, `call_2` and so on as the script is played.
[[nodiscard]] scripted_reply calls(std::string tool, std::string arguments, std::string id = {});
/// An error instead of a reply.
[[nodiscard]] scripted_reply fails(error failure);
/// Never answers: for tests of deadlines and of cancelling.
[[nodiscard]] scripted_reply hangs();

/// Matches when the last message of the user contains `text`.
[[nodiscard]] scripted_reply::predicate last_user_says(std::string text);
/// Matches when the last message is the result of a tool that contains `text`.
[[nodiscard]] scripted_reply::predicate last_result_says(std::string text);

}  // namespace libagent::testing
