#pragma once

#include "libagent/ports/chat_model.hpp"
#include "libagent/testing/manual_clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
  scripted_reply when(predicate matches, std::string description = "a predicate") &&;
  /// For every such request, not only for one.
  scripted_reply always() &&;
  /// Writes the text in pieces of that many bytes, never cutting a character.
  scripted_reply in_pieces_of(std::size_t bytes) &&;
  /// Writes exactly these pieces; the text of the reply becomes their sum.
  scripted_reply in_deltas(std::vector<chat_delta> deltas) &&;
  /// Waits before the first piece and between pieces; needs a clock.
  scripted_reply after(duration wait) &&;
  scripted_reply every(duration wait) &&;
  scripted_reply with_usage(token_usage usage) &&;
  scripted_reply with_finish(finish_reason finish) &&;
  scripted_reply with_reasoning(std::string reasoning) &&;
  /// Adds a call of a tool to what is said.
  scripted_reply and_calls(std::string tool, std::string arguments, std::string id = {}) &&;
  /// Breaks off with `failure` after that many pieces.
  scripted_reply cut_after(std::size_t deltas, error failure) &&;

private:
  friend class scripted_model;
  chat_end end_;
  predicate matches_;
  std::string description_;
  bool always_ = false;
  std::size_t piece_bytes_ = 0;
  std::optional<std::vector<chat_delta>> deltas_;
  duration first_wait_{};
  duration next_wait_{};
  std::optional<std::size_t> cut_after_;
  std::optional<error> cut_;
};

/// A reply of text.
[[nodiscard]] scripted_reply says(std::string text);
/// A reply that calls a tool; `arguments` is JSON, or on purpose not. Calls without an `id` are
/// named `call_1`, `call_2` and so on through the script.
[[nodiscard]] scripted_reply calls(std::string tool, std::string arguments, std::string id = {});
/// An error instead of a reply.
[[nodiscard]] scripted_reply fails(error failure);
/// Never answers: for tests of timeouts and of cancelling.
[[nodiscard]] scripted_reply hangs();

/// Matches when the last message of the user contains `text`.
[[nodiscard]] scripted_reply::predicate last_user_says(std::string text);
/// Matches when the last message is the result of a tool that contains `text`.
[[nodiscard]] scripted_reply::predicate last_result_says(std::string text);

/// A chat model that plays a script, with no network and no thread.
///
/// For a request the first reply in the order of the script is taken that matches and was not used.
/// When there is none, the call ends with `not_found`, whose text says what was asked and what the
/// script still had: a test cannot go on unnoticed with something made up. Callbacks run within
/// `start`, or on the thread that advances the clock. Thread safety: any thread.
class scripted_model final : public chat_model,
                             public std::enable_shared_from_this<scripted_model> {
public:
  explicit scripted_model(std::vector<scripted_reply> script,
                          std::shared_ptr<manual_clock> clock = nullptr);
  scripted_model(const scripted_model&) = delete;
  scripted_model& operator=(const scripted_model&) = delete;
  ~scripted_model() override;

  void start(chat_call call) override;
  /// Vectors that depend on the text only: equal texts have equal ones.
  void start(embedding_call call) override;
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;

  void add(scripted_reply reply);
  void set_facts(chat_model_facts facts);

  /// The requests so far, in the order in which they came.
  [[nodiscard]] std::vector<chat_request> requests() const;
  [[nodiscard]] std::size_t calls() const;
  /// Calls that were begun and did not end yet.
  [[nodiscard]] std::size_t running() const;
  /// What the script still has and nobody asked for, one line each; empty when it was played out.
  [[nodiscard]] std::string left_over() const;

private:
  class performance;
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace libagent::testing
