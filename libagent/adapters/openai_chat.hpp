#pragma once

#include "libagent/openai/chat_stream_reader.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/ports/web_client.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace libagent {

/// One chat call at an OpenAI-compatible server, from its request to its end. Lives as long as the
/// web call whose callbacks hold it.
///
/// Thread safety: none; `send` first, then the web client's thread.
class openai_chat : public std::enable_shared_from_this<openai_chat> {
public:
  openai_chat(chat_call call, const chat_reply_options& options);

  /// Sends the request; `request` is all but the callbacks and what the call says.
  void send(web_client& client, web_call request);

private:
  void take_head(int status, const http_headers& headers);
  void take_piece(std::string_view piece);
  void take_end(const expected<void>& ended);
  void end(expected<chat_reply> reply);
  void end_with_status();
  [[nodiscard]] error explained(error failure) const;

  chat_call call_;
  chat_stream_reader reader_;
  /// Ends the web call for either side's reasons.
  std::stop_source stop_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  time_point due_ = time_point::max();
  int status_ = 0;
  http_headers headers_;
  std::string error_body_;
  bool ended_ = false;
};

}  // namespace libagent
