#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/record/field.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::testing {

/// How a recorded call failed.
struct cassette_error {
  std::string code;
  std::string context;
  std::optional<std::int64_t> retry_after_ms;
};

template <class Inspector>
bool inspect(Inspector& f, cassette_error& x) {
  return record(f, x, "cassette_error", field("code", "As in error answers.", x.code),
                field("context", "What went wrong.", x.context),
                field("retry_after_ms", "When to try again.", x.retry_after_ms));
}

/// Part of a tool call, as it was written.
struct cassette_call_piece {
  std::uint32_t index = 0;
  std::string id;
  std::string name;
  std::string arguments;
};

template <class Inspector>
bool inspect(Inspector& f, cassette_call_piece& x) {
  return record(f, x, "cassette_call_piece", field("index", "Which call.", x.index),
                field("id", "The call's name.", x.id).fallback({}),
                field("name", "The tool.", x.name).fallback({}),
                field("arguments", "To be appended.", x.arguments).fallback({}));
}

/// What was written at once.
struct cassette_delta {
  std::string content;
  std::string reasoning;
  std::vector<cassette_call_piece> tool_calls;
};

template <class Inspector>
bool inspect(Inspector& f, cassette_delta& x) {
  return record(f, x, "cassette_delta", field("content", "Text.", x.content).fallback({}),
                field("reasoning", "Thoughts.", x.reasoning).fallback({}),
                field("tool_calls", "Calls.", x.tool_calls).fallback({}));
}

/// A recorded reply.
struct cassette_reply {
  std::string id;
  std::string model;
  chat_message message;
  finish_reason finish = finish_reason::stop;
  token_usage usage;
  std::vector<citation> citations;
  bool found = true;
};

template <class Inspector>
bool inspect(Inspector& f, cassette_reply& x) {
  return record(f, x, "cassette_reply", field("id", "As the provider calls it.", x.id),
                field("model", "What answered.", x.model),
                field("message", "What was said.", x.message),
                field("finish", "Why it ended.", x.finish), field("usage", "Tokens.", x.usage),
                field("citations", "What it rests on.", x.citations).fallback({}),
                field("found", "Whether documents had it.", x.found).fallback(true));
}

/// One line of a cassette: a call of a model and what came of it.
struct cassette_line {
  std::uint32_t version = 1;
  raw_json request;  ///< Canonical, in OpenAI's form, without the user's name.
  std::vector<cassette_delta> deltas;
  std::optional<cassette_reply> reply;
  std::optional<cassette_error> error;
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> prompt_tokens;
};

template <class Inspector>
bool inspect(Inspector& f, cassette_line& x) {
  return record(f, x, "cassette_line", field("version", "Of this form.", x.version).range(1, 1),
                field("request", "What was asked.", x.request),
                field("deltas", "What was written, in order.", x.deltas).fallback({}),
                field("reply", "What it came to.", x.reply),
                field("error", "Or how it failed.", x.error),
                field("context_tokens", "The window, when told.", x.context_tokens),
                field("prompt_tokens", "What was asked, when told.", x.prompt_tokens));
}

/// A request in the one spelling that recorded ones are compared by.
/// Errors: `invalid_argument` for raw JSON in it that is none.
[[nodiscard]] expected<std::string> canonical_request(const chat_request& request);

[[nodiscard]] cassette_line to_cassette_line(std::string request,
                                             const std::vector<chat_delta>& deltas,
                                             const chat_end& end);

/// The reverse; `began` is false. Errors: `corrupt` for a line with neither reply nor error.
[[nodiscard]] expected<chat_end> end_of(const cassette_line& line);
[[nodiscard]] std::vector<chat_delta> deltas_of(const cassette_line& line);

}  // namespace libagent::testing
