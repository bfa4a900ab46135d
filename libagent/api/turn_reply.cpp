#include "libagent/api/turn_reply.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/record/json.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

namespace {

struct turn_extension {
  std::string state;
  std::string session;
  std::string agent;
  std::vector<pending_approval> approvals;
  std::uint32_t steps = 0;
  std::uint64_t cost_micro = 0;
  std::string cache;
  bool found = true;
};

template <class Inspector>
bool inspect(Inspector& f, turn_extension& x) {
  return record(f, x, "turn_extension", field("state", "How the turn ended.", x.state),
                field("session", "The conversation; empty: not kept.", x.session),
                field("agent", "Who answered.", x.agent),
                field("approvals", "What waits for a person.", x.approvals),
                field("steps", "Model calls.", x.steps),
                field("cost_micro", "Cost in millionths.", x.cost_micro),
                field("cache", "How the response cache served it.", x.cache),
                field("found", "Whether anything answers the question.", x.found));
}

/// OpenAI's word for it; empty: it has none.
const char* openai_code(errc code) {
  switch (code) {
    case errc::not_found: return "model_not_found";
    case errc::context_too_long: return "context_length_exceeded";
    case errc::rate_limited: return "rate_limit_exceeded";
    case errc::budget_exceeded: return "insufficient_quota";
    default: return "";
  }
}

/// Errors of a provider that are ours to repair.
bool is_our_fault(errc code) {
  return code == errc::unauthenticated || code == errc::permission_denied ||
         code == errc::not_found;
}

}  // namespace

http_error to_openai_error(const error& failure) {
  auto shown = to_http_error(failure);
  if (const std::string_view code = openai_code(failure.code); !code.empty())
    shown.code = code;
  if (failure.code == errc::budget_exceeded)
    shown.type = "insufficient_quota";
  return shown;
}

http_error failed_turn_error(const error& failure) {
  auto shown = to_openai_error(failure);
  if (is_our_fault(failure.code)) {
    shown.status = 502;
    shown.type = default_error_type(shown.status);
    shown.code = "upstream_" + to_string(failure.code);
  }
  return shown;
}

http_response refused_turn_reply(const error& why) {
  auto reply = error_response(to_openai_error(why));
  if (why.code == errc::budget_exceeded)
    reply.headers.set("x-should-retry", "false");
  return reply;
}

error why_failed(const turn_result& result) {
  LIBAGENT_EXPECTS(result.state == turn_state::failed || result.state == turn_state::cancelled);
  if (result.failure)
    return *result.failure;
  if (result.state == turn_state::cancelled)
    return {errc::cancelled, "answer: the turn was cancelled"};
  return {errc::internal, "answer: the turn failed without saying why"};
}

http_response failed_turn_reply(const turn_result& result) {
  auto reply = error_response(failed_turn_error(why_failed(result)));
  reply.headers.set("x-should-retry", "false");
  return reply;
}

std::string approval_notice(const turn_result& result) {
  std::string text;
  if (result.state != turn_state::needs_approval)
    return text;
  for (const auto& pending : result.approvals) {
    text += text.empty() ? "" : "\n";
    text += "Waiting for a person to allow the tool " + pending.call.name +
            ": POST /v1/approvals/" + pending.id;
  }
  return text;
}

chat_reply reply_of(const turn_result& result) {
  chat_reply reply{
      .model = result.model,
      .message = {.role = chat_role::assistant, .content = result.text, .tool_calls = result.calls},
      .finish = result.calls.empty() ? result.finish : finish_reason::tool_calls,
      .usage = result.usage,
      .citations = result.citations,
      .found = result.found};
  if (const auto notice = approval_notice(result); !notice.empty()) {
    reply.message.content += reply.message.content.empty() ? "" : "\n\n";
    reply.message.content += notice;
    reply.finish = finish_reason::stop;
  }
  return reply;
}

std::string extension_member(const turn_result& result) {
  return R"("libagent":)" + to_json(turn_extension{.state = std::string{name_of(result.state)},
                                                   .session = result.session,
                                                   .agent = result.agent,
                                                   .approvals = result.approvals,
                                                   .steps = result.steps,
                                                   .cost_micro = result.cost_micro,
                                                   .cache = result.cache,
                                                   .found = result.found});
}

void insert_member(std::string& object, std::string_view member) {
  const auto brace = object.rfind('}');
  LIBAGENT_EXPECTS(brace != std::string::npos);
  object.insert(brace, "," + std::string{member});
}

std::string completion_id(std::uint64_t random_high, std::uint64_t random_low) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "chatcmpl-";
  for (auto word : {random_high, random_low}) {
    for (int i = 0; i < 16; ++i) {
      id += digits[word >> 60U];
      word <<= 4U;
    }
  }
  return id;
}

}  // namespace libagent
