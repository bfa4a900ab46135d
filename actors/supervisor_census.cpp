// How a supervisor describes the tree below it.

#include "actors/bridge/errors.hpp"
#include "actors/paths.hpp"
#include "actors/supervisor_state.hpp"

#include <string>
#include <utility>

namespace libagent::actors {

namespace {

std::string state_text(child_state state) {
  switch (state) {
    case child_state::stopped: return "stopped";
    case child_state::waiting: return "restarting";
    case child_state::starting:
    case child_state::running: return "running";
    case child_state::stopping:
    case child_state::killed: return "stopping";
  }
  return "stopped";
}

}  // namespace

/// A description on its way: it is delivered when the last nested supervisor has answered.
struct supervisor_state::census {
  supervision_node node;
  std::size_t missing = 1;  ///< Counts ourselves, so that it is not complete while we still ask.
  caf::typed_response_promise<supervision_node> asker;

  void one_less_missing() {
    if (--missing == 0)
      asker.deliver(std::move(node));
  }
};

caf::result<supervision_node> supervisor_state::describe() {
  auto all = std::make_shared<census>();
  all->asker = self_->make_response_promise<supervision_node>();
  all->node = {.name = own_path().substr(own_path().rfind('/') + 1),
               .kind = std::string{name_of(child_kind::supervisor)},
               .state = core_.is_ending() ? "stopping" : "running",
               .restart = std::string{name_of(restart_type::permanent)},
               .strategy = std::string{name_of(rules_.restarts)},
               .actor_id = self_->id()};
  auto& nodes = all->node.children;
  nodes.reserve(children_.size() + abandoned_.size());
  for (const auto& [number, each] : children_)
    nodes.push_back(node_of(number, each));
  for (const auto& [id, child_name] : abandoned_)
    nodes.push_back({.name = child_name, .kind = "worker", .state = "abandoned", .actor_id = id});
  std::size_t index = 0;
  for (const auto& [number, each] : children_) {
    if (each.spec.kind == child_kind::supervisor && each.handle)
      ask_nested(each, all, index);
    ++index;
  }
  auto promise = all->asker;
  all->one_less_missing();
  return promise;
}

supervision_node supervisor_state::node_of(child_number number, const child& which) const {
  return {.name = which.spec.name,
          .kind = std::string{name_of(which.spec.kind)},
          .state = state_text(core_.state_of(number)),
          .restart = std::string{name_of(which.spec.rules.restart)},
          .actor_id = which.handle ? which.handle.id() : 0,
          .restarts = core_.restarts_of(number),
          .last_failure = which.last_failure};
}

void supervisor_state::ask_nested(const child& which, const std::shared_ptr<census>& into,
                                  std::size_t index) {
  ++into->missing;
  self_
      ->request<caf::message_priority::high>(caf::actor_cast<supervisor_actor>(which.handle),
                                             options_.describe_patience / 2, describe_atom_v)
      .then(
          [into, index](supervision_node& answer) {
            auto& node = into->node.children[index];
            node.strategy = std::move(answer.strategy);
            node.children = std::move(answer.children);
            into->one_less_missing();
          },
          [into, index](const caf::error& failure) {
            if (from_caf_error(failure).code == errc::deadline_exceeded)
              into->node.children[index].state = "unresponsive";
            into->one_less_missing();
          });
}

}  // namespace libagent::actors
