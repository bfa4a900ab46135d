#include "apps/lab/models/floor_turns.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/protocol/types.hpp"
#include "apps/lab/models/floor_http.hpp"
#include "apps/lab/models/floor_wire.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <optional>
#include <utility>

namespace libagent::lab {

namespace {

using turn_done = std::function<void(expected<std::string>)>;

/// What outside threads leave for an actor before they send to it.
struct floor_slot {
  turn_done done;
};

class floor_agent {
public:
  static inline const char* name = "lab.floor-agent";

  floor_agent(caf::event_based_actor* self, floor_http& http, std::string model, floor_slot& slot)
      : self_{self}, http_{http}, model_{std::move(model)}, slot_{slot} {}

  caf::behavior make_behavior() {
    return {[this](actors::wake_atom) { begin(); },
            [this](actors::done_atom, const std::string& reply) { take(reply); },
            [this](actors::cancel_atom, const std::string& why) {
              finish(error{errc::unavailable, why});
            }};
  }

private:
  void begin() {
    conversation_.emplace(model_);
    call_model();
  }

  void call_model() {
    http_.post(conversation_->body(),
               [to = caf::actor_cast<caf::actor>(self_)](expected<std::string> reply) {
                 if (reply) {
                   caf::anon_send(to, actors::done_atom_v, *std::move(reply));
                 } else {
                   caf::anon_send(to, actors::cancel_atom_v, reply.error().context);
                 }
               });
  }

  void take(const std::string& reply) {
    const auto call = conversation_->take_reply(reply);
    if (!call)
      return finish(call.error());
    if (!*call)
      return finish(conversation_->text());
    conversation_->add_result(**call, turn_tool_answer((*call)->city));
    call_model();
  }

  // The slot may be filled again from within.
  void finish(expected<std::string> result) {
    auto done = std::exchange(slot_.done, nullptr);
    done(std::move(result));
  }

  caf::event_based_actor* self_;
  floor_http& http_;
  std::string model_;
  floor_slot& slot_;
  std::optional<floor_conversation> conversation_;
};

class floor_turns final : public turn_contestant {
public:
  explicit floor_turns(const turn_setup& setup)
      : slots_(setup.users), system_{config_}, http_{setup.model_port, setup.users} {
    for (auto& slot : slots_) {
      agents_.push_back(system_.spawn<caf::stateful_actor<floor_agent>>(
          std::ref(http_), setup.model, std::ref(slot)));
    }
  }

  floor_turns(const floor_turns&) = delete;
  floor_turns& operator=(const floor_turns&) = delete;

  ~floor_turns() override {
    for (const auto& agent : agents_)
      caf::anon_send_exit(agent, caf::exit_reason::user_shutdown);
    agents_.clear();
    system_.await_all_actors_done();
  }

  void begin_turn(std::size_t user, turn_done on_end) override {
    slots_[user].done = std::move(on_end);
    caf::anon_send(agents_[user], actors::wake_atom_v);
  }

private:
  std::vector<floor_slot> slots_;
  actors::actor_system_config config_{{.pool_nice = 0}};
  caf::actor_system system_;
  floor_http http_;
  std::vector<caf::actor> agents_;
};

}  // namespace

expected<turn_contestant_ptr> start_floor_turns(const turn_setup& setup) {
  return turn_contestant_ptr{std::make_unique<floor_turns>(setup)};
}

}  // namespace libagent::lab
