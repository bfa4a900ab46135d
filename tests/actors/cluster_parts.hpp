#pragma once

#include "actors/cluster.hpp"

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Other nodes are played by gates in the same process: to the cluster actor a peer is a gate. What
/// only two processes can show (a killed peer, the wire) is in tests/system/.
namespace libagent::testing {

using namespace libagent::actors;  // NOLINT(google-build-using-namespace): for tests only

inline const endpoint far_endpoint{.host = "127.0.0.1", .port = 4711};
inline const auto some_id = make_task_id(1'700'000'000'000, 1, 1);
inline const auto other_id = make_task_id(1'700'000'000'000, 2, 2);

/// The lease under which this node runs tasks for node b, as b numbers it.
inline constexpr peer_number b_lease = 77;

inline node_offer offer_of(std::string node, std::vector<std::string> tools,
                           std::uint64_t incarnation = 1) {
  node_offer offer{
      .node = std::move(node), .version = "0.1.0", .tools = {}, .incarnation = incarnation};
  for (auto& name : tools)
    offer.tools.push_back({.name = std::move(name), .timeout_ms = 1'000});
  return offer;
}

/// One message that a played part received.
struct heard {
  std::string what;
  std::string text;  // a name, a reason or a result
  task_id id;
  std::uint32_t attempt = 0;
  peer_number lease = 0;
  errc code = errc::ok;
  caf::actor from;
};

class log_of_messages {
public:
  void add(heard message) {
    if (message.what == "run")
      runs_[message.id] = {.id = message.id, .attempt = message.attempt, .lease = message.lease};
    messages_.push_back(std::move(message));
  }

  [[nodiscard]] run_token last_run(const task_id& id) const { return runs_.at(id); }

  /// The messages called `what` so far, which are forgotten.
  std::vector<heard> take(std::string_view what) {
    std::vector<heard> taken;
    std::erase_if(messages_, [&](const heard& message) {
      const bool chosen = message.what == what;
      if (chosen)
        taken.push_back(message);
      return chosen;
    });
    return taken;
  }

private:
  std::vector<heard> messages_;
  std::map<task_id, run_token> runs_;
};

using log_ptr = std::shared_ptr<log_of_messages>;

inline heard outcome_heard(const run_token& token, const work_outcome& outcome) {
  return {.what = "done",
          .text = outcome.result ? outcome.result->text : outcome.failure->context,
          .id = token.id,
          .attempt = token.attempt,
          .lease = token.lease,
          .code = outcome.failure ? outcome.failure->code : errc::ok};
}

inline heard heard_of(const run_token& token, std::string what, std::string text) {
  return {.what = std::move(what),
          .text = std::move(text),
          .id = token.id,
          .attempt = token.attempt,
          .lease = token.lease};
}

/// The gate of another node.
inline node_gate_actor::behavior_type played_gate(node_gate_actor::pointer self, log_ptr log) {
  auto add = [self, log](heard message) {
    message.from = caf::actor_cast<caf::actor>(self->current_sender());
    log->add(std::move(message));
  };
  return {
      [=](hello_atom, const node_offer& offer) { add({.what = "hello", .text = offer.node}); },
      [=](welcome_atom, const node_offer& offer) { add({.what = "welcome", .text = offer.node}); },
      [=](refuse_atom, const error& why) {
        add({.what = "refuse", .text = why.context, .code = why.code});
      },
      [=](run_atom, const run_token& token, const task_request& request) {
        add(heard_of(token, "run", request.target));
      },
      [=](cancel_atom, const run_token& token, const std::string& reason) {
        add(heard_of(token, "cancel", reason));
      },
      [=](progress_atom, const run_token& token, const task_progress& how_far) {
        add(heard_of(token, "progress", how_far.message));
      },
      [=](done_atom, const run_token& token, const work_outcome& outcome) {
        add(outcome_heard(token, outcome));
      },
      [=](beat_atom, std::uint64_t incarnation, std::uint64_t lease) {
        add({.what = "beat", .text = std::to_string(incarnation), .lease = lease});
      },
      [=](lapse_atom, std::uint64_t lease) { add({.what = "lapse", .lease = lease}); },
  };
}

/// What this node's dispatcher does as far as the cluster actor can see.
struct played_dispatcher {
  log_ptr log = std::make_shared<log_of_messages>();
  std::deque<task_observer_ptr> observers;  // of the submitted tasks, in order

  caf::behavior behavior() {
    return {
        [this](peer_up_atom, const node_offer& offer) {
          log->add({.what = "peer_up", .text = offer.node});
        },
        [this](peer_down_atom, const std::string& node) {
          log->add({.what = "peer_down", .text = node});
        },
        [this](progress_atom, const task_id& id, std::uint32_t attempt,
               const task_progress& how_far) {
          log->add({.what = "progress", .text = how_far.message, .id = id, .attempt = attempt});
        },
        [this](done_atom, const task_id& id, std::uint32_t attempt, const work_outcome& outcome) {
          log->add(outcome_heard({.id = id, .attempt = attempt}, outcome));
        },
        [this](submit_atom, const task_request& request, const observer_ref& who) {
          log->add({.what = "submit", .text = request.target});
          observers.push_back(who.observer);
        },
        [this](cancel_atom, const task_id& id, const std::string& reason) {
          log->add({.what = "cancel", .text = reason, .id = id});
        },
    };
  }
};

using found_promise =
    caf::typed_response_promise<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;

/// CAF's middleman, with one address where somebody may listen.
struct played_network {
  log_ptr log = std::make_shared<log_of_messages>();
  caf::actor listener;  // at `far_endpoint`; null: nobody
  std::set<std::string> speaks;
  bool port_is_taken = false;
  bool is_silent = false;
  std::vector<found_promise> unanswered;

  caf::behavior behavior(caf::event_based_actor* self) {
    using found = caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;
    return {
        [this, self](caf::connect_atom, const std::string&, std::uint16_t) -> found {
          log->add({.what = "connect"});
          if (is_silent)
            return unanswered.emplace_back(
                self->make_response_promise<caf::node_id, caf::strong_actor_ptr,
                                            std::set<std::string>>());
          if (!listener)
            return caf::make_error(caf::sec::cannot_connect_to_node);
          return {self->node(), caf::actor_cast<caf::strong_actor_ptr>(listener), speaks};
        },
        // Only the actor that made a promise may keep it.
        [this, self](caf::ok_atom) {
          for (auto& late : std::exchange(unanswered, {}))
            late.deliver(self->node(), caf::actor_cast<caf::strong_actor_ptr>(listener), speaks);
        },
        [this](caf::publish_atom, std::uint16_t port, const caf::strong_actor_ptr& gate,
               const std::set<std::string>&, const std::string& host,
               bool) -> caf::result<std::uint16_t> {
          log->add({.what = "publish",
                    .text = host + ":" + std::to_string(port),
                    .from = caf::actor_cast<caf::actor>(gate)});
          if (port_is_taken)
            return caf::make_error(caf::sec::cannot_open_port);
          return port == 0 ? std::uint16_t{50'000} : port;
        },
        [this](caf::close_atom, std::uint16_t port) -> caf::result<void> {
          log->add({.what = "close", .text = std::to_string(port)});
          return caf::make_error(caf::sec::cannot_close_invalid_port);
        },
    };
  }
};

}  // namespace libagent::testing
