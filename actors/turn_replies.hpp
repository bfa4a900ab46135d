#pragma once

/// Observers that turn what happens in a conversation's turn into HTTP answers.

#include "libagent/http/http_response.hpp"
#include "libagent/openai/chat_reply_writer.hpp"
#include "libagent/ports/http_server.hpp"
#include "libagent/session/turn.hpp"

#include <memory>
#include <stop_token>
#include <string>

namespace libagent::actors {

/// What all of them share: the exchange, and the client's going away.
///
/// A turn that is lost leaves its exchange without an answer, which then answers 503 by itself or
/// cuts the stream. Thread safety: as `turn_observer`; the client's leaving comes from an I/O
/// thread.
class turn_reply : public turn_observer {
public:
  /// `request_id` is told in the answer's `X-Request-Id`.
  turn_reply(http_exchange_ptr exchange, std::string request_id);

  /// To be called once, before the turn is ordered. `cancels`: nobody comes back for the answer,
  /// so the turn ends with its client.
  void follow_client(bool cancels);

  /// For `turn_request::stop`.
  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }

  void on_refused(const error& why) override;

protected:
  void respond(http_response reply);

  [[nodiscard]] http_exchange& exchange() { return *exchange_; }

  [[nodiscard]] const std::string& request_id() const { return request_id_; }

private:
  http_exchange_ptr exchange_;
  std::string request_id_;
  std::stop_source stop_;
};

/// One that streams. The stream begins with the first thing that happens, so that a failure before
/// it is an ordinary error answer. While the client reads too slowly the gate is closed.
class turn_stream_reply : public turn_reply {
public:
  using turn_reply::turn_reply;

  [[nodiscard]] std::shared_ptr<flow_gate> flow() const override { return gate_; }

protected:
  [[nodiscard]] bool is_begun() const { return is_begun_; }

  /// Sends the head, unless it was sent.
  void begin();
  void send(std::string piece);

private:
  std::shared_ptr<flow_gate> gate_ = std::make_shared<flow_gate>();
  bool is_begun_ = false;
};

/// `POST /v1/chat/completions`, whole.
class chat_wait_reply final : public turn_reply {
public:
  chat_wait_reply(http_exchange_ptr exchange, std::string request_id, reply_head head);

  void on_update(const turn_update&) override {}

  void on_end(const turn_result& result) override;

private:
  reply_head head_;
};

/// `POST /v1/chat/completions` with `stream`. Text from before a tool ran stays in the reply, as
/// a paragraph of its own: what was sent cannot be taken back.
class chat_stream_reply final : public turn_stream_reply {
public:
  chat_stream_reply(http_exchange_ptr exchange, std::string request_id, const reply_head& head,
                    bool include_usage);

  void on_update(const turn_update& update) override;
  void on_end(const turn_result& result) override;

private:
  void take(const turn_text& what);
  void take(const turn_reasoning& what);
  void take(const turn_call_piece& what);
  void take(const turn_step_ended& what);

  /// Tools and hand-overs have no place in OpenAI's stream.
  template <class Other>
  void take(const Other&) {}

  void add_text(const std::string& text);
  void add_what_was_not_streamed(const turn_result& result);
  void fail(const turn_result& result);

  chat_stream_writer writer_;
  std::string out_;           ///< Written, not sent yet.
  bool has_text_ = false;     ///< Of the step under way.
  bool has_calls_ = false;    ///< Of the step under way.
  bool needs_break_ = false;  ///< Text of an earlier step stands before the next.
};

/// `POST /v1/sessions/{id}/messages`, whole.
class session_wait_reply final : public turn_reply {
public:
  using turn_reply::turn_reply;

  void on_refused(const error& why) override;

  void on_update(const turn_update&) override {}

  void on_end(const turn_result& result) override;
};

/// `POST /v1/sessions/{id}/messages` as events; see libagent/api/session_events.hpp.
class session_stream_reply final : public turn_stream_reply {
public:
  using turn_stream_reply::turn_stream_reply;

  void on_refused(const error& why) override;
  void on_update(const turn_update& update) override;
  void on_end(const turn_result& result) override;
};

}  // namespace libagent::actors
