#pragma once

#include "actors/api_call.hpp"
#include "actors/openai_door.hpp"

#include <caf/actor_system.hpp>

namespace libagent::actors {

/// Conversations that are kept, over HTTP. They belong to whoever began them: nobody else finds
/// them. Thread safety: any thread; runs on the I/O threads.
class session_door {
public:
  /// `turns` orders them; both must outlive this.
  session_door(caf::actor_system& system, openai_door& turns);

  /// `GET /v1/sessions`: one's own, the latest changed first; see `read_session_query`.
  void list(const api_call& call);
  /// `GET /v1/sessions/{id}`: a `session_view`.
  void show(const api_call& call);
  /// `DELETE /v1/sessions/{id}`.
  void erase(const api_call& call);
  /// `POST /v1/sessions/{id}/messages`: a turn; its result as JSON, or with `"stream":true` or
  /// `Accept: text/event-stream` as events. The first one begins the session and names the agent;
  /// without a name it is whoever answered last, also after a hand-over, 403 when the caller may
  /// not ask that one.
  void message(const api_call& call);
  /// `POST /v1/sessions/{id}/cancel`: ends the turn under way.
  void cancel(const api_call& call);
  /// `POST /v1/approvals/{id}`: decides on a tool call that waits for it.
  void approve(const api_call& call);

private:
  caf::actor_system& system_;
  openai_door& turns_;
};

}  // namespace libagent::actors
