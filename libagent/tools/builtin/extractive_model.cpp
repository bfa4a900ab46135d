#include "libagent/tools/builtin/extractive_model.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/knowledge/sentence_end.hpp"
#include "libagent/session/follow_up.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

namespace libagent {

namespace {

// A question may lean on one that leans on another; further back nobody means it any more.
constexpr std::size_t questions_considered = 3;

/// A rule of thumb for English with the tokenisers of today; nothing here has tokens really.
std::uint64_t estimated_tokens(std::size_t bytes) {
  return (bytes + 3) / 4;
}

std::uint64_t prompt_tokens_of(const chat_request& request) {
  std::size_t bytes = 0;
  for (const auto& message : request.messages)
    bytes += message.content.size();
  return estimated_tokens(bytes);
}

/// Where the citation mark that may follow a sentence (` [2]`) ends.
std::size_t end_of_mark(std::string_view line, std::size_t at) {
  auto next = at;
  while (next < line.size() && line[next] == ' ')
    ++next;
  if (next >= line.size() || line[next] != '[')
    return at;
  const auto close = line.find_first_not_of("0123456789", next + 1);
  return close != std::string_view::npos && close > next + 1 && line[close] == ']' ? close + 1 : at;
}

void append_pieces(std::vector<std::string_view>& pieces, std::string_view line) {
  for (std::size_t begin = 0; begin < line.size();) {
    auto end = end_of_mark(line, find_sentence_end(line, begin));
    if (line.find_first_not_of(" \n", end) == std::string_view::npos)
      end = line.size();
    pieces.push_back(line.substr(begin, end - begin));
    begin = end;
  }
}

error not_supported(const char* what) {
  return {errc::unsupported, std::string{"ask the documents: "} + what};
}

std::optional<error> objection_to(const chat_request& request) {
  if (request.format.kind != reply_format_kind::text)
    return not_supported("their sentences are text, not JSON");
  if (request.choice.mode == tool_choice_mode::required ||
      request.choice.mode == tool_choice_mode::function)
    return not_supported("the extractive model calls no tools");
  return std::nullopt;
}

/// Writes one answer at its reader's pace. Kept alive by whatever will call it next.
class answer_writer : public std::enable_shared_from_this<answer_writer> {
public:
  explicit answer_writer(chat_call call) : call_{std::move(call)} {}

  void find(const document_answerer& answers, std::string question) {
    answers(std::move(question), call_.stop, call_.deadline,
            [self = shared_from_this()](expected<agent_answer> answer) {
              self->begin(std::move(answer));
            });
  }

private:
  void begin(expected<agent_answer> answer) {
    if (!answer) {
      finish(answer.error());
      return;
    }
    answer_ = *std::move(answer);
    pieces_ = answer_pieces(answer_.text);
    if (call_.flow)
      call_.flow->on_open([self = shared_from_this()] { self->write(); });
    stopped_.emplace(call_.stop, [weak = weak_from_this()] {
      if (const auto self = weak.lock())
        self->write();
    });
    write();
  }

  /// Any thread; one of those that come at the same time does the work of all.
  void write() {
    auto wishes = wishes_.fetch_add(1) + 1;
    if (wishes > 1)
      return;
    do {
      write_what_fits();
      wishes = wishes_.fetch_sub(wishes) - wishes;
    } while (wishes > 0);
  }

  void write_what_fits() {
    while (!ended_) {
      if (call_.stop.stop_requested()) {
        finish(error{errc::cancelled, "answer from the documents: stopped"});
      } else if (next_ == pieces_.size() || is_long_enough()) {
        finish(whole_reply());
      } else if (call_.flow && !call_.flow->is_open()) {
        return;  // Its opening calls again; when it has opened meanwhile, so has that call.
      } else {
        write_piece();
      }
    }
  }

  void write_piece() {
    const auto piece = pieces_[next_++];
    written_ += piece;
    if (call_.on_delta)
      call_.on_delta({.content = std::string{piece}});
  }

  [[nodiscard]] bool is_long_enough() const {
    return call_.request->how.tokens_max &&
           estimated_tokens(written_.size()) >= *call_.request->how.tokens_max;
  }

  [[nodiscard]] chat_reply whole_reply() const {
    const bool is_cut = next_ < pieces_.size();
    return {.model = answer_.model,
            .message = {.role = chat_role::assistant, .content = written_},
            .finish = is_cut ? finish_reason::length : finish_reason::stop,
            .usage = {.prompt = prompt_tokens_of(*call_.request),
                      .completion = estimated_tokens(written_.size()),
                      .estimated = true},
            .citations = answer_.citations,
            .found = answer_.found};
  }

  void finish(expected<chat_reply> reply) {
    ended_ = true;
    if (call_.flow)
      call_.flow->on_open({});
    call_.on_end({.reply = std::move(reply),
                  .so_far = {.role = chat_role::assistant, .content = written_},
                  .began = next_ > 0 && call_.on_delta});
  }

  chat_call call_;
  agent_answer answer_;
  std::vector<std::string_view> pieces_;  ///< Of the answer's text.
  std::size_t next_ = 0;
  std::string written_;
  bool ended_ = false;  ///< Like all above: only for the one that writes.
  std::atomic<std::uint32_t> wishes_ = 0;
  std::optional<std::stop_callback<std::function<void()>>> stopped_;  // last: it uses the rest
};

}  // namespace

extractive_model::extractive_model(document_answerer answers) : answers_{std::move(answers)} {
  LIBAGENT_EXPECTS(answers_);
}

void extractive_model::start(chat_call call) {
  if (const auto objection = objection_to(*call.request)) {
    call.on_end({.reply = *objection});
    return;
  }
  auto question = question_of(call.request->messages);
  if (question.empty()) {
    call.on_end({.reply = error{errc::invalid_argument,
                                "ask the documents: expected a user message with text"}});
    return;
  }
  std::make_shared<answer_writer>(std::move(call))->find(answers_, std::move(question));
}

void extractive_model::look_up(std::function<void(expected<chat_model_facts>)> on_facts) {
  on_facts(chat_model_facts{.is_pure_text = true});
}

std::string question_of(const std::vector<chat_message>& messages) {
  std::vector<std::string_view> latest_first;
  for (auto each = messages.rbegin();
       each != messages.rend() && latest_first.size() < questions_considered; ++each) {
    if (each->role == chat_role::user)
      latest_first.push_back(each->content);
  }
  if (latest_first.empty() || latest_first.front().empty())
    return {};
  std::string question;
  for (const auto& each : std::views::reverse(latest_first))
    question = resolve_follow_up(question, each);
  return question;
}

std::vector<std::string_view> answer_pieces(std::string_view answer) {
  std::vector<std::string_view> pieces;
  for (std::size_t begin = 0; begin < answer.size();) {
    const auto end = std::min(answer.find('\n', begin), answer.size() - 1) + 1;
    append_pieces(pieces, answer.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

}  // namespace libagent
