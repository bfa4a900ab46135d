#include "libagent/openai/usage_json.hpp"

namespace libagent {

std::optional<token_usage> read_usage(json_view value) {
  const auto prompt = value.find("prompt_tokens").count();
  const auto completion = value.find("completion_tokens").count();
  if (!prompt && !completion)
    return std::nullopt;
  const auto cached = value.find("prompt_tokens_details").find("cached_tokens").count();
  const auto reasoning = value.find("completion_tokens_details").find("reasoning_tokens").count();
  return token_usage{.prompt = prompt.value_or(0),
                     .completion = completion.value_or(0),
                     .cached = cached.value_or(0),
                     .reasoning = reasoning.value_or(0),
                     .estimated = value.find("estimated").boolean().value_or(false)};
}

std::optional<token_usage> read_timings(json_view value) {
  const auto prompt = value.find("prompt_n").count();
  const auto completion = value.find("predicted_n").count();
  if (!prompt || !completion)
    return std::nullopt;
  const auto cached = value.find("cache_n").count().value_or(0);
  return token_usage{.prompt = *prompt + cached, .completion = *completion, .cached = cached};
}

void append_usage(std::string& out, const token_usage& usage) {
  out += R"({"prompt_tokens":)" + std::to_string(usage.prompt);
  out += R"(,"completion_tokens":)" + std::to_string(usage.completion);
  out += R"(,"total_tokens":)" + std::to_string(usage.total());
  out += R"(,"prompt_tokens_details":{"cached_tokens":)" + std::to_string(usage.cached);
  out += R"(},"completion_tokens_details":{"reasoning_tokens":)" + std::to_string(usage.reasoning);
  out += usage.estimated ? R"(},"estimated":true})" : "}}";
}

}  // namespace libagent
