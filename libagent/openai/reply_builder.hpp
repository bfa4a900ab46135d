#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/openai/chat_reply_reader.hpp"
#include "libagent/openai/code_point_joiner.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/tool_call_collector.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Puts a reply together from the messages and deltas of a server. They have the same shape, so
/// that a whole message is a reply with one delta. Thread safety: none.
class reply_builder {
public:
  explicit reply_builder(const chat_reply_options& options);

  /// Takes a chunk or a whole reply, whose choices have their message under `message_key`; what is
  /// new in it is then `fresh()`.
  /// Errors: errc::too_large past the limits.
  [[nodiscard]] expected<void> add(json_view chunk, std::string_view message_key);

  /// What the latest `add` brought. Valid until the next.
  [[nodiscard]] const chat_delta& fresh() const { return fresh_; }

  /// The message so far, with its calls, which may be incomplete.
  [[nodiscard]] chat_message message() const;

  [[nodiscard]] token_usage usage() const;

  /// Whether anything that came was a chunk or a reply at all.
  [[nodiscard]] bool has_choices() const { return has_choices_; }

  /// Whether the server gave a reason for the end.
  [[nodiscard]] bool has_finish() const { return has_finish_; }

  /// The reply. To be called once, at the end; more may be `fresh` after it.
  /// Errors: errc::corrupt for a tool call that names no tool.
  [[nodiscard]] expected<chat_reply> finish();

private:
  void add_member(json_view name, json_view value, std::string_view message_key);
  void add_choice(json_view choice, std::string_view message_key);
  void add_message(json_view message);
  void add_content(json_view content);
  void add_part(json_view part);
  void add_calls(json_view list);
  void add_call(json_view piece);
  void append_text(json_view text, code_point_joiner& joiner, std::string& fresh);
  void keep_fresh();
  [[nodiscard]] finish_reason settled_finish() const;

  chat_reply_options options_;
  chat_reply reply_;
  chat_delta fresh_;
  code_point_joiner content_;
  code_point_joiner reasoning_;
  tool_call_collector calls_;
  std::string scratch_;
  std::optional<token_usage> usage_;
  std::optional<token_usage> timings_;  ///< llama.cpp's, where there is no usage.
  std::optional<error> failure_;
  std::size_t written_ = 0;  ///< Bytes of all texts.
  bool has_choices_ = false;
  bool has_finish_ = false;
  bool refused_ = false;
};

}  // namespace libagent
