#pragma once

#include "libagent/http/http_error.hpp"
#include "libagent/models/chat.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace libagent {

/// What all parts of one reply begin with.
struct reply_head {
  std::string id;            ///< For example `chatcmpl-...`.
  std::string model;         ///< As the client called it.
  std::int64_t created = 0;  ///< Seconds since 1970.
};

/// The body of a reply that is not streamed (OpenAI API reference, "chat completion object").
/// Beside what OpenAI has there: `reasoning_content` in the message, as llama.cpp writes it, and
/// `citations`, when the reply has any. `reply.id` and `reply.model` are not looked at.
[[nodiscard]] std::string write_chat_reply(const chat_reply& reply, const reply_head& head);

/// Writes a reply as the events of a stream (OpenAI API reference, "chat completion chunk").
///
/// First the role, then the deltas, then the reason for the end, the usage only when asked for, and
/// `[DONE]`. Everything is appended to a buffer of the caller's. Thread safety: none.
class chat_stream_writer {
public:
  chat_stream_writer(const reply_head& head, bool include_usage);

  /// The chunk with the role. Needed only to have it early: the first delta writes it too.
  void begin(std::string& out);

  void write(const chat_delta& delta, std::string& out);
  /// The same as a delta that is only text, without building one.
  void write_text(std::string_view text, std::string& out);

  /// The end of a reply that went well. Text and calls of `reply` are not written again.
  void finish(const chat_reply& reply, std::string& out);
  /// The end of one that did not: an event with the error in OpenAI's shape, and no `[DONE]`, so
  /// that no client takes it for a whole one.
  void fail(const http_error& failure, std::string& out);

private:
  void append_text_chunk(std::string_view name, std::string_view text, std::string& out) const;
  static void append_call(const tool_call_piece& piece, std::string& out);

  std::string usage_opening_;  ///< Of a chunk, up to its choices.
  std::string opening_;        ///< Of a chunk, up to the members of its delta.
  std::string closing_;        ///< After the delta of each chunk that is not the last.
  bool include_usage_;
  bool begun_ = false;
};

}  // namespace libagent
