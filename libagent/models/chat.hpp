#pragma once

/// What a model is asked and what it answers, in the shape that all chat models share. How it is
/// written on a wire is not its business.

#include "libagent/models/citation.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

enum class chat_role : std::uint8_t { system, user, assistant, tool };

template <>
struct enum_names<chat_role> {
  static constexpr std::array<std::pair<chat_role, std::string_view>, 4> values{
      {{chat_role::system, "system"},
       {chat_role::user, "user"},
       {chat_role::assistant, "assistant"},
       {chat_role::tool, "tool"}}};
};

/// A model's wish to have a tool run.
struct tool_call {
  std::string id;         ///< Names the call within its conversation; never empty once accepted.
  std::string name;       ///< The tool.
  std::string arguments;  ///< As the model wrote them: meant to be a JSON object, perhaps not one.

  friend bool operator==(const tool_call&, const tool_call&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, tool_call& x) {
  return record(f, x, "tool_call", field("id", "Names the call.", x.id),
                field("name", "The tool.", x.name),
                field("arguments", "Its input, as JSON text.", x.arguments));
}

/// One message of a conversation.
struct chat_message {
  chat_role role = chat_role::user;
  std::string content;                ///< Text; empty for a reply that only calls tools.
  std::vector<tool_call> tool_calls;  ///< Of an assistant.
  std::string tool_call_id;           ///< Of a tool's result: the call that it answers.
  std::string name;                   ///< Who speaks, where that matters; usually empty.
  std::string reasoning;              ///< What a reasoning model thought aloud; not sent back.
  /// Content that is more than text (images, files), as the JSON array that came; empty: text only.
  raw_json parts;

  friend bool operator==(const chat_message&, const chat_message&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, chat_message& x) {
  return record(
      f, x, "chat_message", field("role", "Who speaks.", x.role),
      field("content", "What is said.", x.content).fallback(std::string{}),
      field("tool_calls", "Tools to run.", x.tool_calls).fallback(std::vector<tool_call>{}),
      field("tool_call_id", "The call that this answers.", x.tool_call_id).fallback(std::string{}),
      field("name", "The speaker's name.", x.name).fallback(std::string{}),
      field("reasoning", "What the model thought.", x.reasoning).fallback(std::string{}),
      field("parts", "Content that is more than text.", x.parts).fallback(raw_json{}));
}

/// A tool as a model sees it.
struct tool_definition {
  std::string name;  ///< `[A-Za-z0-9_-]{1,64}`.
  std::string description;
  raw_json parameters;  ///< JSON Schema of its input.
  bool strict = false;  ///< The provider should hold the model to the schema.

  friend bool operator==(const tool_definition&, const tool_definition&) = default;
};

/// Whether the model may, must or must not call tools.
enum class tool_choice_mode : std::uint8_t { automatic, none, required, function };

struct tool_choice {
  tool_choice_mode mode = tool_choice_mode::automatic;
  std::string function;  ///< With `function`: the one to call.

  friend bool operator==(const tool_choice&, const tool_choice&) = default;
};

enum class reply_format_kind : std::uint8_t { text, json_object, json_schema };

/// What the reply's text has to be.
struct reply_format {
  reply_format_kind kind = reply_format_kind::text;
  std::string name;  ///< Of the schema.
  raw_json schema;
  bool strict = false;

  friend bool operator==(const reply_format&, const reply_format&) = default;
};

/// How a model is to choose its words; what is absent is up to the provider.
struct sampling {
  std::optional<double> temperature;  ///< 0 to 2.
  std::optional<double> top_p;        ///< 0 to 1.
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<std::int64_t> seed;
  std::optional<std::uint32_t> tokens_max;  ///< Of the reply.
  std::vector<std::string> stop;            ///< At most 4.
  std::string reasoning_effort;             ///< Empty: the provider's.

  friend bool operator==(const sampling&, const sampling&) = default;
};

/// One call of a chat model.
struct chat_request {
  std::string model;  ///< As the provider calls it.
  std::vector<chat_message> messages;
  std::vector<tool_definition> tools;
  tool_choice choice;
  std::optional<bool> parallel_tool_calls;
  reply_format format;
  sampling how;
  std::string user;  ///< Passed on for abuse detection; empty: nothing is.

  friend bool operator==(const chat_request&, const chat_request&) = default;
};

enum class finish_reason : std::uint8_t { stop, length, tool_calls, content_filter };

template <>
struct enum_names<finish_reason> {
  static constexpr std::array<std::pair<finish_reason, std::string_view>, 4> values{
      {{finish_reason::stop, "stop"},
       {finish_reason::length, "length"},
       {finish_reason::tool_calls, "tool_calls"},
       {finish_reason::content_filter, "content_filter"}}};
};

/// Tokens that calls took.
struct token_usage {
  std::uint64_t prompt = 0;      ///< Cached ones included.
  std::uint64_t completion = 0;  ///< Reasoning included.
  std::uint64_t cached = 0;
  std::uint64_t reasoning = 0;
  bool estimated = false;  ///< The provider did not say; counted from the bytes.

  [[nodiscard]] std::uint64_t total() const { return prompt + completion; }

  token_usage& operator+=(const token_usage& more) {
    prompt += more.prompt;
    completion += more.completion;
    cached += more.cached;
    reasoning += more.reasoning;
    estimated = estimated || more.estimated;
    return *this;
  }

  friend bool operator==(const token_usage&, const token_usage&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, token_usage& x) {
  return record(f, x, "token_usage", field("prompt", "Tokens read.", x.prompt),
                field("completion", "Tokens written.", x.completion),
                field("cached", "Read from the provider's cache.", x.cached),
                field("reasoning", "Written while thinking.", x.reasoning),
                field("estimated", "Not told by the provider.", x.estimated));
}

/// A model's whole reply.
struct chat_reply {
  std::string id;     ///< As the provider calls it.
  std::string model;  ///< What answered; may be more exact than what was asked for.
  chat_message message;
  finish_reason finish = finish_reason::stop;
  token_usage usage;
  std::vector<citation> citations;  ///< What it rests on, numbered from 1 in the text.
  bool found = true;                ///< False: a model that answers from documents found nothing.

  friend bool operator==(const chat_reply&, const chat_reply&) = default;
};

/// A part of a tool call, as it is written.
struct tool_call_piece {
  std::uint32_t index = 0;  ///< Which of the reply's calls.
  std::string id;           ///< Usually in the first piece only.
  std::string name;         ///< Usually in the first piece only.
  std::string arguments;    ///< To be appended.

  friend bool operator==(const tool_call_piece&, const tool_call_piece&) = default;
};

/// What a streaming model has just written. Text is whole code points.
struct chat_delta {
  std::string content;
  std::string reasoning;
  std::vector<tool_call_piece> tool_calls;

  friend bool operator==(const chat_delta&, const chat_delta&) = default;
};

}  // namespace libagent
