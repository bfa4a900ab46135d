#include "libagent/openai/provider_error.hpp"

#include "libagent/base/text.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>

namespace libagent {

namespace {

constexpr std::size_t shown_bytes_max = 300;

/// What the members of an error object say, in whatever spelling.
struct error_details {
  std::string message;
  std::string type;
  std::string code;
  int status = 0;  ///< llama.cpp repeats the status in `code`; 0: it does not say.
};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

error_details read_details(json_view value) {
  error_details out;
  if (value.is_string()) {
    out.message = value.text();
    return out;
  }
  out.message = value.find("message").text();
  out.type = lower_case(value.find("type").text());
  out.code = lower_case(value.find("code").text());
  out.status = static_cast<int>(value.find("code").integer(100, 599).value_or(0));
  return out;
}

bool contains_any(std::string_view text, std::span<const std::string_view> phrases) {
  return std::ranges::any_of(phrases, [text](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

bool says_too_long(const error_details& what) {
  static constexpr std::array<std::string_view, 6> phrases{
      "maximum context length", "context size",           "context window",
      "context length",         "prompt is too long for", "reduce the length of the messages"};
  return what.code == "context_length_exceeded" || what.type == "exceed_context_size_error" ||
         contains_any(lower_case(what.message), phrases);
}

bool says_out_of_credit(const error_details& what) {
  static constexpr std::array<std::string_view, 4> names{
      "insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
      "insufficient_balance"};
  return std::ranges::any_of(
      names, [&](std::string_view name) { return what.code == name || what.type == name; });
}

bool says_rate(const error_details& what) {
  return what.code == "rate_limit_exceeded" || what.type == "rate_limit_error" ||
         what.type == "rate_limit_exceeded";
}

/// llama.cpp answers 500 when the model itself wrote a tool call that is no JSON.
bool says_spoilt_call(const error_details& what) {
  static constexpr std::array<std::string_view, 2> phrases{"parse tool call",
                                                           "failed to parse input at pos"};
  return contains_any(lower_case(what.message), phrases);
}

errc code_of_client_error(int status, const error_details& what) {
  switch (status) {
    case 401: return errc::unauthenticated;
    case 402: return errc::budget_exceeded;
    case 403: return errc::permission_denied;
    case 404: return errc::not_found;
    case 408:
    case 409:
    case 425: return errc::unavailable;
    case 429: return errc::rate_limited;
    default: break;
  }
  return says_too_long(what) ? errc::context_too_long : errc::invalid_argument;
}

errc code_of_server_error(int status, const error_details& what) {
  if (status == 501 || what.type == "not_supported_error")
    return errc::unsupported;
  if (status == 500 && says_too_long(what))
    return errc::context_too_long;
  if (status == 500 && says_spoilt_call(what))
    return errc::corrupt;
  const bool is_loading = what.type == "unavailable_error";
  const bool is_full = status == 503 || status == 529 || what.type == "overloaded_error";
  return is_full && !is_loading ? errc::overloaded : errc::unavailable;
}

errc code_of(int status, const error_details& what) {
  if (says_out_of_credit(what))
    return errc::budget_exceeded;
  if (says_rate(what))
    return errc::rate_limited;
  return status >= 500 ? code_of_server_error(status, what) : code_of_client_error(status, what);
}

/// The status that an error within a stream would have had.
int status_of_type(const error_details& what) {
  struct meaning {
    std::string_view type;
    int status;
  };

  static constexpr std::array<meaning, 8> meanings{{{"invalid_request_error", 400},
                                                    {"exceed_context_size_error", 400},
                                                    {"authentication_error", 401},
                                                    {"permission_error", 403},
                                                    {"not_found_error", 404},
                                                    {"rate_limit_error", 429},
                                                    {"not_supported_error", 501},
                                                    {"overloaded_error", 503}}};
  const auto* found =
      std::ranges::find_if(meanings, [&](const meaning& m) { return m.type == what.type; });
  return found == meanings.end() ? 500 : found->status;
}

/// The number behind the first of `phrases` in `message`.
std::optional<std::uint64_t> number_after(const std::string& message,
                                          std::span<const std::string_view> phrases) {
  for (const auto phrase : phrases) {
    const auto at = message.find(phrase);
    if (at == std::string::npos)
      continue;
    const auto* const begin = message.data() + at + phrase.size();
    std::uint64_t value = 0;
    if (std::from_chars(begin, message.data() + message.size(), value).ec == std::errc{})
      return value;
  }
  return std::nullopt;
}

/// llama.cpp says the two numbers in members, OpenAI and vLLM in words.
void add_context_facts(provider_error& out, json_view value, const error_details& what) {
  static constexpr std::array<std::string_view, 2> window{"maximum context length is ",
                                                          "maximum context length of "};
  static constexpr std::array<std::string_view, 3> came_to{"resulted in ", "you requested ",
                                                           "contains at least "};
  const auto message = lower_case(what.message);
  out.context_tokens = value.find("n_ctx").count();
  out.prompt_tokens = value.find("n_prompt_tokens").count();
  if (!out.context_tokens)
    out.context_tokens = number_after(message, window);
  if (!out.prompt_tokens)
    out.prompt_tokens = number_after(message, came_to);
}

provider_error to_provider_error(int status, json_view value, const error_details& what,
                                 std::string_view place) {
  provider_error out;
  out.failure.code = code_of(status, what);
  out.failure.context = "call model: " + std::string{place};
  const bool may_tell_key =
      out.failure.code == errc::unauthenticated || out.failure.code == errc::permission_denied;
  const auto& shown = may_tell_key || what.message.empty() ? what.code : what.message;
  if (!shown.empty())
    out.failure.context += ": " + quoted_excerpt(shown, shown_bytes_max);
  if (out.failure.code == errc::context_too_long)
    add_context_facts(out, value, what);
  return out;
}

/// The error in a body: OpenAI's form, or that of servers which have it at the top.
json_view find_error(json_view root) {
  for (const std::string_view name : {"error", "detail", "message"}) {
    const auto value = root.find(name);
    if (value.is_object() || value.is_string())
      return name == "message" ? root : value;
  }
  return root;
}

std::optional<bool> read_advice(const http_headers& headers) {
  const auto text = headers.find("x-should-retry");
  if (text == "true" || text == "false")
    return text == "true";
  return std::nullopt;
}

}  // namespace

provider_error read_provider_error(int status, const http_headers& headers, std::string_view body,
                                   unix_millis now) {
  constexpr std::size_t body_bytes_max = 1U << 20U;
  json_tape tape{{.bytes_max = body_bytes_max}, json_tape::text_rule::keep};
  // A proxy may have answered in HTML, or nobody at all; then the status alone has to do.
  const bool is_json = tape.read(body).has_value();
  const auto value = is_json ? find_error(tape.root()) : json_view{};
  auto out = to_provider_error(status, value, read_details(value),
                               "it answered with status " + std::to_string(status));
  out.failure.retry_after = read_retry_after(headers, now);
  out.should_retry = read_advice(headers);
  return out;
}

provider_error read_error_value(json_view value) {
  const auto what = read_details(value);
  const int status = what.status >= 400 ? what.status : status_of_type(what);
  return to_provider_error(status, value, what, "it failed in the middle of its answer");
}

}  // namespace libagent
