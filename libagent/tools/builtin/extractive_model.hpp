#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/session/ask.hpp"

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Finds what the documents say to a question, without blocking; calls back exactly once, on any
/// thread.
using document_answerer =
    std::function<void(std::string question, std::stop_token stop, time_point deadline,
                       std::function<void(expected<agent_answer>)> on_answer)>;

/// The chat model that needs no network and no weights: answers the last user message with
/// sentences of the documents, cited, and writes them one by one.
///
/// What leans on the question before it ("and when it is full?") is asked together with it, see
/// `resolve_follow_up`. Everything else of a request is passed over: instructions, tools (it knows
/// none, see `chat_model_facts::is_pure_text`) and sampling; a longest reply ends it after the
/// sentence that reaches it. Tokens are estimated. The reply's `found` says whether the documents
/// answer at all. Errors: `invalid_argument` without a user message, `unsupported` when the reply
/// has to be JSON or a tool has to be called; those of the answerer.
///
/// The deadline is the answerer's business: while a reader keeps its gate closed, only `stop` ends
/// the call. Callbacks run on the answerer's thread, on the one that opens the gate, or on the one
/// that stops. Thread safety: any thread.
class extractive_model final : public chat_model {
public:
  /// @pre `answers` is not empty.
  explicit extractive_model(document_answerer answers);

  using chat_model::start;
  void start(chat_call call) override;
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;

private:
  document_answerer answers_;
};

/// What to look for in the documents: the last user message, with the one before it where it leans
/// on that. Empty: there is none with text.
[[nodiscard]] std::string question_of(const std::vector<chat_message>& messages);

/// An answer cut after its sentences and line ends, each with the citation mark behind it; joined
/// together they are the answer.
[[nodiscard]] std::vector<std::string_view> answer_pieces(std::string_view answer);

}  // namespace libagent
