#pragma once

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/http_api.hpp"
#include "actors/paths.hpp"
#include "libagent/http/sse.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_exchange.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// What the sessions of a test were asked, for the test to play their part.
struct sessions_script {
  struct turn {
    turn_request request;
    turn_observer_ptr observer;
  };

  std::vector<turn> turns;
  std::vector<session_view> views;
  std::vector<session_query> queries;
  std::vector<session_name> cancelled;
  std::vector<session_name> erased;
  std::vector<approval_decision> decisions;
};

/// Knows the sessions in `views`, which belong to the client `alice`, and the approval `ap1`.
class scripted_sessions {
public:
  scripted_sessions(actors::sessions_actor::pointer self, std::shared_ptr<sessions_script> script)
      : self_{self}, script_{std::move(script)} {}

  actors::sessions_actor::behavior_type make_behavior() {
    using namespace actors;
    set_quiet_handlers(self_);
    return {
        [this](turn_atom, const turn_request& request, const turn_observer_ref& who) {
          script_->turns.push_back({request, who.observer});
        },
        [this](cancel_atom, const session_name& which, const std::string&) {
          script_->cancelled.push_back(which);
        },
        [this](lookup_atom, const session_name& which) -> caf::result<session_view> {
          const auto found = std::ranges::find(script_->views, which.id, &session_view::id);
          if (which.client != "alice" || found == script_->views.end())
            return to_caf_error(
                {errc::not_found, "find the session " + which.id + ": no such one"});
          return *found;
        },
        [this](list_atom, const session_query& query) {
          script_->queries.push_back(query);
          std::vector<session_head> heads;
          for (const auto& view : script_->views)
            heads.push_back({.name = {"alice", view.id}, .agent = view.agent});
          return heads;
        },
        [this](erase_atom, const session_name& which) { script_->erased.push_back(which); },
        [this](approve_atom, const std::string& id,
               const approval_decision& decision) -> caf::result<session_name> {
          script_->decisions.push_back(decision);
          if (id != "ap1")
            return to_caf_error({errc::not_found, "find the approval " + id + ": none waits"});
          return session_name{decision.client, "s1"};
        },
        [](watch_atom, const session_name&, const turn_observer_ref&) {},
        [](status_atom) { return sessions_status{}; },
        [](reload_atom, const agent_world_ptr&) {},
        [](turn_atom, std::uint64_t) {},
        [](done_atom, std::uint64_t) {},
        [](pressure_atom, pressure_level) {},
        [](wake_atom) {},
    };
  }

  static inline const char* name = "scripted-sessions";

private:
  actors::sessions_actor::pointer self_;
  std::shared_ptr<sessions_script> script_;
};

/// Keeps the embeddings that it was asked for.
class scripted_models {
public:
  scripted_models(actors::model_gateway_actor::pointer self,
                  std::shared_ptr<std::vector<embedding_order>> orders)
      : self_{self}, orders_{std::move(orders)} {}

  actors::model_gateway_actor::behavior_type make_behavior() {
    using namespace actors;
    set_quiet_handlers(self_);
    return {
        [](call_atom, const model_order&) {},
        [this](embed_atom, const embedding_order& order) { orders_->push_back(order); },
        [](status_atom) { return models_status{}; },
        [](done_atom, std::uint64_t, const model_call_end&) {},
        [](wake_atom) {},
    };
  }

  static inline const char* name = "scripted-models";

private:
  actors::model_gateway_actor::pointer self_;
  std::shared_ptr<std::vector<embedding_order>> orders_;
};

/// The HTTP interface with sessions and models that the test plays. Its agents: docs and coder.
class door_fixture : public actor_fixture {
public:
  door_fixture() {
    sessions =
        adopt(system().spawn<actors::sessions_actor::stateful_impl<scripted_sessions>>(script));
    models =
        adopt(system().spawn<actors::model_gateway_actor::stateful_impl<scripted_models>>(orders));
    actors::publish(system(), actors::sessions_path,
                    caf::actor_cast<caf::strong_actor_ptr>(sessions));
    actors::publish(system(), actors::model_gateway_path,
                    caf::actor_cast<caf::strong_actor_ptr>(models));
    open({});
    headers.set("X-Client-Id", "alice");
  }

  door_fixture(const door_fixture&) = delete;
  door_fixture& operator=(const door_fixture&) = delete;

  ~door_fixture() {
    actors::retract(system(), actors::sessions_path);
    actors::retract(system(), actors::model_gateway_path);
  }

  void open(actors::door_options options) {
    options.unix_time = [] { return unix_millis{1'700'000'000'000}; };
    options.id_seed = 7;
    api = std::make_unique<actors::http_api>(
        system(), std::make_shared<tool_registry>(),
        std::vector<agent_info>{{"docs", "Answers."}, {"coder", "Writes."}},
        std::vector<std::string>{}, std::move(options));
  }

  std::shared_ptr<fake_exchange> send(std::string method, std::string path, std::string body = {}) {
    last = std::make_shared<exchange_outcome>();
    std::vector<query_param> query;
    if (const auto mark = path.find("?limit="); mark != std::string::npos) {
      query.push_back({"limit", path.substr(mark + 7)});
      path.resize(mark);
    }
    auto exchange = std::make_shared<fake_exchange>(http_request{.method = std::move(method),
                                                                 .path = std::move(path),
                                                                 .query = std::move(query),
                                                                 .headers = headers,
                                                                 .body = std::move(body),
                                                                 .client_address = "192.0.2.1"},
                                                    last);
    api->handle(exchange);
    run();
    return exchange;
  }

  /// The body of the answer to a request that is answered at once.
  nlohmann::json call(std::string method, std::string path, std::string body = {}) {
    (void)send(std::move(method), std::move(path), std::move(body));
    return answer();
  }

  [[nodiscard]] nlohmann::json answer() const {
    REQUIRE(last->response);
    return nlohmann::json::parse(last->response->body, nullptr, false);
  }

  [[nodiscard]] int status() const {
    REQUIRE(last->response);
    return last->response->status;
  }

  /// All that was streamed.
  [[nodiscard]] std::string streamed() const {
    std::string all;
    for (const auto& piece : last->pieces)
      all += piece;
    return all;
  }

  sessions_script::turn& only_turn() {
    REQUIRE(script->turns.size() == 1);
    return script->turns[0];
  }

  /// The sessions forget the turn, as when they are restarted.
  void lose_turns() { script->turns.clear(); }

  std::shared_ptr<sessions_script> script = std::make_shared<sessions_script>();
  std::shared_ptr<std::vector<embedding_order>> orders =
      std::make_shared<std::vector<embedding_order>>();
  actors::sessions_actor sessions;
  actors::model_gateway_actor models;
  std::unique_ptr<actors::http_api> api;
  http_headers headers;  ///< Of every request.
  std::shared_ptr<exchange_outcome> last;
};

}  // namespace libagent::testing
