#include "libagent/testing/scripted_model.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/text.hpp"
#include "libagent/testing/scripted_performance.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace libagent::testing {

namespace {

std::uint64_t tokens_in(std::size_t bytes) {
  return (bytes + 3) / 4;
}

std::size_t bytes_of(const chat_message& message) {
  auto bytes = message.content.size() + message.reasoning.size();
  for (const auto& call : message.tool_calls)
    bytes += call.name.size() + call.arguments.size();
  return bytes;
}

token_usage usage_of(const chat_request& request, const chat_message& reply) {
  std::size_t asked = 0;
  for (const auto& message : request.messages)
    asked += bytes_of(message);
  return {.prompt = tokens_in(asked), .completion = tokens_in(bytes_of(reply)), .estimated = true};
}

std::string summary_of(const chat_request& request) {
  if (request.messages.empty())
    return "a request without messages";
  const auto& last = request.messages.back();
  constexpr std::array<const char*, 4> speakers{"the system", "the user", "the assistant",
                                                "a tool"};
  return std::string{speakers.at(static_cast<std::size_t>(last.role))} + " saying " +
         quoted_excerpt(last.content, 120);
}

std::string summary_of(const expected<chat_reply>& reply) {
  if (!reply)
    return "fails(" + to_string(reply.error().code) + ")";
  const auto& calls = reply->message.tool_calls;
  if (!calls.empty())
    return "calls(\"" + calls.front().name + "\")";
  return "says(" + quoted_excerpt(reply->message.content, 60) + ")";
}

std::vector<float> vector_of(const std::string& text) {
  std::uint64_t seed = 14'695'981'039'346'656'037ULL;  // FNV-1a
  for (const char c : text)
    seed = (seed ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  seeded_random random{seed};
  std::vector<float> numbers(8);
  double squares = 0;
  for (auto& each : numbers) {
    const double number = random.unit() * 2 - 1;
    each = static_cast<float>(number);
    squares += number * number;
  }
  for (auto& each : numbers)
    each = static_cast<float>(each / std::sqrt(squares));
  return numbers;
}

}  // namespace

/// Where the script is kept, and who is playing.
class scripted_model::stage : public std::enable_shared_from_this<stage> {
public:
  stage(std::vector<scripted_reply> script, std::shared_ptr<manual_clock> clock)
      : clock_{std::move(clock)} {
    for (auto& reply : script)
      script_.push_back({.reply = std::move(reply)});
  }

  void start(chat_call call);
  void cancel_all();

  std::mutex mutex;
  std::vector<chat_request> requests;
  std::vector<std::string> surprises;
  std::map<std::uint64_t, std::shared_ptr<scripted_performance>> running;
  chat_model_facts facts;

  void add(scripted_reply reply) { script_.push_back({.reply = std::move(reply)}); }

  [[nodiscard]] std::string left_over() const;

private:
  struct line {
    scripted_reply reply;
    bool used = false;
  };

  [[nodiscard]] scripted_reply reply_for(const chat_request& request);
  [[nodiscard]] scripted_reply surprise(const chat_request& request);
  void complete(scripted_reply& reply, const chat_request& request);

  std::shared_ptr<manual_clock> clock_;
  std::vector<line> script_;
  std::uint64_t last_performance_ = 0;
  std::uint64_t last_call_ = 0;
};

scripted_reply scripted_model::stage::reply_for(const chat_request& request) {
  for (auto& each : script_) {
    if (each.used || (each.reply.matches_ && !each.reply.matches_(request)))
      continue;
    each.used = !each.reply.always_;
    auto reply = each.reply;
    complete(reply, request);
    return reply;
  }
  return surprise(request);
}

scripted_reply scripted_model::stage::surprise(const chat_request& request) {
  const auto left = left_over();
  surprises.push_back("play script: nothing is left for request " +
                      std::to_string(requests.size()) + ", " + summary_of(request) +
                      (left.empty() ? "; the script is over" : "; it still has\n" + left));
  return fails({errc::not_found, surprises.back()});
}

/// Fills in what the script leaves open.
void scripted_model::stage::complete(scripted_reply& reply, const chat_request& request) {
  if (!reply.end_.reply)
    return;
  auto& answer = *reply.end_.reply;
  if (reply.deltas_) {
    answer.message = sum_of(*reply.deltas_);
    if (!answer.message.tool_calls.empty() && answer.finish == finish_reason::stop)
      answer.finish = finish_reason::tool_calls;
  }
  for (auto& call : answer.message.tool_calls) {
    if (call.id.empty())
      call.id = "call_" + std::to_string(++last_call_);
  }
  answer.id = "scripted-" + std::to_string(requests.size());
  answer.model = request.model;
  if (!reply.has_usage_)
    answer.usage = usage_of(request, answer.message);
}

std::string scripted_model::stage::left_over() const {
  std::string lines;
  for (std::size_t i = 0; i < script_.size(); ++i) {
    const auto& [reply, used] = script_[i];
    if (used || reply.always_)
      continue;
    lines += "  " + std::to_string(i + 1) + ". " +
             (reply.hangs_ ? "hangs()" : summary_of(reply.end_.reply)) +
             (reply.matches_ ? ".when(...)" : "") + "\n";
  }
  return lines;
}

void scripted_model::stage::start(chat_call call) {
  LIBAGENT_EXPECTS(call.request != nullptr && call.on_end != nullptr);
  std::shared_ptr<scripted_performance> performance;
  {
    const std::lock_guard guard{mutex};
    requests.push_back(*call.request);
    auto reply = reply_for(*call.request);
    const auto number = ++last_performance_;
    performance = std::make_shared<scripted_performance>(
        std::move(call), std::move(reply), clock_, [weak = weak_from_this(), number] {
          if (const auto self = weak.lock()) {
            const std::lock_guard inner{self->mutex};
            self->running.erase(number);
          }
        });
    running.emplace(number, performance);
  }
  performance->begin();
}

void scripted_model::stage::cancel_all() {
  std::map<std::uint64_t, std::shared_ptr<scripted_performance>> all;
  {
    const std::lock_guard guard{mutex};
    all = running;
  }
  for (const auto& [number, performance] : all)
    performance->cancel();
}

scripted_model::scripted_model(std::vector<scripted_reply> script,
                               std::shared_ptr<manual_clock> clock)
    : stage_{std::make_shared<stage>(std::move(script), std::move(clock))} {}

scripted_model::~scripted_model() {
  stage_->cancel_all();
}

void scripted_model::start(chat_call call) {
  stage_->start(std::move(call));
}

void scripted_model::start(embedding_call call) {
  embedding_call::reply reply{.model = call.model, .embeddings = {}, .usage = {}};
  for (const auto& text : call.inputs) {
    reply.embeddings.push_back(vector_of(text));
    reply.usage.prompt += tokens_in(text.size());
  }
  reply.usage.estimated = true;
  call.on_end(std::move(reply));
}

void scripted_model::look_up(std::function<void(expected<chat_model_facts>)> on_facts) {
  chat_model_facts facts;
  {
    const std::lock_guard guard{stage_->mutex};
    facts = stage_->facts;
  }
  on_facts(facts);
}

void scripted_model::add(scripted_reply reply) {
  const std::lock_guard guard{stage_->mutex};
  stage_->add(std::move(reply));
}

void scripted_model::set_facts(chat_model_facts facts) {
  const std::lock_guard guard{stage_->mutex};
  stage_->facts = facts;
}

std::vector<chat_request> scripted_model::requests() const {
  const std::lock_guard guard{stage_->mutex};
  return stage_->requests;
}

std::size_t scripted_model::running() const {
  const std::lock_guard guard{stage_->mutex};
  return stage_->running.size();
}

std::vector<std::string> scripted_model::surprises() const {
  const std::lock_guard guard{stage_->mutex};
  return stage_->surprises;
}

std::string scripted_model::left_over() const {
  const std::lock_guard guard{stage_->mutex};
  return stage_->left_over();
}

}  // namespace libagent::testing
