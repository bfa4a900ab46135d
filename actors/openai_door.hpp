#pragma once

#include "actors/api_call.hpp"
#include "actors/bridge/wall_clock.hpp"
#include "actors/turn_replies.hpp"
#include "libagent/api/api_keys.hpp"
#include "libagent/openai/chat_request_reader.hpp"
#include "libagent/session/ask.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::actors {

/// What the HTTP interface is given beside actors.
struct door_options {
  std::shared_ptr<api_keys> keys;  ///< Null: whoever reaches the port may use everything.
  bool guard_metrics = false;      ///< With keys: whether `/metrics` wants one too.
  /// The agents there are now; empty: those that the interface was made with. Any thread.
  std::function<std::vector<agent_info>()> agents;
  std::function<unix_millis()> unix_time = system_unix_time;
  std::uint64_t id_seed = 0;  ///< Makes the ids of replies; to be random.
};

/// What models' clients know: chat completions, models and embeddings (OpenAI API reference).
///
/// Each agent is a model, `agent:NAME`; `NAME` alone does too. A completion is a turn of a
/// conversation that is not kept, unless it names a session (the header `X-Session-Id`, or
/// `metadata.session`): then only what follows the last message of the assistant is new, and the
/// session knows the rest, and an agent that has handed it over stays replaced, although each
/// request has to name one. Its client's leaving cancels the turn, but not one with an
/// `Idempotency-Key`, for which it may come back.
/// Thread safety: any thread; runs on the I/O threads.
class openai_door {
public:
  /// @pre No function of `options` is empty.
  openai_door(caf::actor_system& system, door_options options);

  void complete(const api_call& call);
  void list_models(const api_call& call);
  void find_model(const api_call& call);
  void embed(const api_call& call);

  /// Whether there is such an agent and the caller may ask it; otherwise says so in OpenAI's way.
  [[nodiscard]] bool admits(const api_call& call, const std::string& agent);

  /// Those that the caller may ask.
  [[nodiscard]] std::vector<agent_info> agents_of(const api_caller& caller) const;

  /// What the request calls itself in `X-Request-Id`, or a new name for it.
  [[nodiscard]] std::string request_id_of(const http_request& request);

  /// Answers at once, with the request's name in `X-Request-Id`.
  void respond(const http_exchange_ptr& exchange, http_response reply);
  void respond(const api_call& call, http_response reply);

  /// Orders a turn; `reply` hears of it. Reads the headers into `turn` first.
  void order(const api_call& call, turn_request turn, const std::shared_ptr<turn_reply>& reply);

private:
  [[nodiscard]] std::string next_id();
  void begin_turn(const api_call& call, incoming_chat chat);

  caf::actor_system& system_;
  door_options options_;
  std::int64_t created_;  ///< Of the models: when this began, in seconds.
  std::atomic<std::uint64_t> ids_{0};
};

}  // namespace libagent::actors
