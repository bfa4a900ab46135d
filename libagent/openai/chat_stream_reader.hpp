#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/sse.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/openai/chat_reply_reader.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/reply_builder.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Reads a streamed reply (OpenAI API reference, "chat completion chunk") from the bytes of its
/// event stream, which may be cut anywhere: within characters, JSON or events.
///
/// As lenient as `read_chat_reply`; also takes the reply of a server that answers in one piece
/// although it was asked for a stream. Thread safety: none.
class chat_stream_reader {
public:
  /// Runs within `feed`, for each chunk that says something. The delta is only lent.
  using delta_callback = std::function<void(const chat_delta&)>;

  /// @pre `on_delta` may be empty.
  explicit chat_stream_reader(delta_callback on_delta, const chat_reply_options& options = {});
  chat_stream_reader(const chat_stream_reader&) = delete;
  chat_stream_reader& operator=(const chat_stream_reader&) = delete;
  ~chat_stream_reader() = default;

  /// Takes the next bytes.
  /// Errors, after which nothing more is read and the same error comes again: as
  /// `read_provider_error` for an `error` in the stream, errc::corrupt for what is no chunk,
  /// errc::too_large past the limits.
  [[nodiscard]] expected<void> feed(std::string_view bytes);

  /// Whether the reply is complete: `[DONE]` came. What follows is not read; the connection may
  /// still have to be read to its end to be used again.
  [[nodiscard]] bool is_done() const { return done_; }

  /// The reply, once the body has ended. To be called once.
  /// Errors: that of `feed`; errc::unavailable for a stream that ended before the reply did;
  /// errc::corrupt for a body that was none.
  [[nodiscard]] expected<chat_reply> finish();

  /// What was written until now; for a reply that did not end well. Its calls may be incomplete.
  [[nodiscard]] chat_message so_far() const { return builder_.message(); }

  /// What it has cost until now, estimated unless the server has said.
  [[nodiscard]] token_usage usage() const { return builder_.usage(); }

  /// Whether a delta was given to the callback.
  [[nodiscard]] bool began() const { return began_; }

private:
  static constexpr std::size_t opening_bytes = 5;

  [[nodiscard]] expected<void> keep_whole(std::string_view bytes);
  void take_event(const sse_event& event);
  void take_chunk(std::string_view event);
  void pass_on();
  [[nodiscard]] expected<chat_reply> finish_whole();

  delta_callback on_delta_;
  chat_reply_options options_;
  sse_parser events_;
  json_tape tape_;
  reply_builder builder_;
  std::optional<error> failure_;
  std::string opening_;  ///< How the body begins, after white space.
  std::string whole_;    ///< A body in one piece, which is no event stream.
  bool is_whole_ = false;
  bool done_ = false;
  bool began_ = false;
};

}  // namespace libagent
