#include "apps/agent/chat_http.hpp"

#include "libagent/api/listing.hpp"
#include "libagent/api/session_event_reader.hpp"
#include "libagent/api/turn_submission.hpp"
#include "libagent/http/url.hpp"
#include "libagent/record/json.hpp"

#include <functional>
#include <utility>

namespace libagent::app {

namespace {

std::string session_path(const std::string& session) {
  return "/v1/sessions/" + percent_encode(session);
}

http_call message_call(const turn_request& request) {
  message_submission said{.message = request.messages.back().content, .stream = true};
  if (!request.agent.empty())
    said.agent = request.agent;
  http_call call{.method = "POST",
                 .url = session_path(request.session) + "/messages",
                 .headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}},
                 .body = to_json(said),
                 .timeout = std::chrono::milliseconds{0}};
  if (!request.key.empty())
    call.headers.add("Idempotency-Key", request.key);
  return call;
}

/// Passes the events of one turn on; remembers whether it has ended.
class event_relay {
public:
  explicit event_relay(turn_observer& observer) : observer_{&observer} {}

  void take(const sse_event& event) {
    if (event.event == "end") {
      const auto result = from_json<turn_result>(event.data);
      refuse_unless(result);
      if (result && !std::exchange(has_ended_, true))
        observer_->on_end(*result);
      return;
    }
    const auto update = read_update_event(event);
    refuse_unless(update);
    if (update && *update && !has_ended_)
      observer_->on_update(**update);
  }

  void refuse(const error& why) {
    if (!std::exchange(has_ended_, true))
      observer_->on_refused(why);
  }

private:
  template <class Value>
  void refuse_unless(const expected<Value>& read) {
    if (!read)
      refuse(read.error());
  }

  turn_observer* observer_;
  bool has_ended_ = false;
};

}  // namespace

http_chat_backend::http_chat_backend(const std::string& url) : url_{url}, server_{url} {}

void http_chat_backend::run_turn(const turn_request& request, turn_observer& observer,
                                 const std::stop_token& stop) {
  auto call = message_call(request);
  // A turn with a key goes on without its client, so it is cancelled by name, and then ends like
  // any other. When that does not work there is only to hang up.
  std::stop_source hang_up;
  call.stop = hang_up.get_token();
  const std::stop_callback on_stop{stop, [&] {
                                     remote_agent apart{url_};
                                     const auto path = session_path(request.session) + "/cancel";
                                     if (!apart.send("POST", path))
                                       hang_up.request_stop();
                                   }};
  event_relay relay{observer};
  const auto streamed =
      server_.events(std::move(call), [&relay](const sse_event& event) { relay.take(event); });
  if (!streamed)
    relay.refuse(streamed.error());
}

expected<void> http_chat_backend::decide(const std::string& approval,
                                         const approval_decision& decision) {
  const auto answer =
      server_.send("POST", "/v1/approvals/" + percent_encode(approval), to_json(decision));
  return answer ? expected<void>{} : answer.error();
}

expected<session_view> http_chat_backend::look_up(const std::string& session) {
  const auto body = server_.get(session_path(session));
  return body ? from_json<session_view>(*body) : body.error();
}

expected<std::vector<session_line>> http_chat_backend::sessions() {
  const auto body = server_.get("/v1/sessions");
  return body ? listing_from_json<session_line>(*body) : body.error();
}

expected<std::vector<agent_info>> http_chat_backend::agents() {
  const auto body = server_.get("/v1/agents");
  return body ? listing_from_json<agent_info>(*body) : body.error();
}

}  // namespace libagent::app
