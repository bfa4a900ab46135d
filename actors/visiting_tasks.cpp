#include "actors/visiting_tasks.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "libagent/base/text.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/send.hpp>

#include <memory>
#include <utility>

namespace libagent::actors {

namespace {

using caf::message_priority;

/// Turns what the dispatcher says of one visit into messages to the cluster actor. Called and
/// destroyed on the dispatcher's thread, so it holds the cluster actor weakly.
class visit_observer final : public task_observer {
public:
  visit_observer(visit_number visit, const cluster_actor& reporter)
      : visit_{visit}, reporter_{caf::actor_cast<caf::weak_actor_ptr>(reporter)} {}

  visit_observer(const visit_observer&) = delete;
  visit_observer& operator=(const visit_observer&) = delete;

  ~visit_observer() override {
    if (!ended_)
      report(error{errc::unavailable, "the dispatcher of the node that ran it was restarted"});
  }

  void on_change(const task_record& record) override {
    ended_ = is_terminal(record.state);
    report(record);
  }

  void on_refused(const error& why) override {
    ended_ = true;
    report(why);
  }

private:
  template <class What>
  void report(const What& what) const {
    caf::anon_send<message_priority::high>(caf::actor_cast<cluster_actor>(reporter_), watch_atom_v,
                                           visit_, what);
  }

  visit_number visit_;
  caf::weak_actor_ptr reporter_;
  bool ended_ = false;
};

}  // namespace

visiting_tasks::visiting_tasks(caf::actor_system& system, std::set<std::string> own_tools,
                               wire_limits limits)
    : system_{system},
      own_tools_{std::move(own_tools)},
      limits_{limits},
      runs_{limits.runs_per_peer_max} {}

expected<void> visiting_tasks::check(const task_request& request) const {
  if (!own_tools_.contains(request.target)) {
    return error{errc::not_found, "run " + quoted_excerpt(request.target) +
                                      " for another node: it is no tool of this node"};
  }
  if (request.arguments.text.size() > limits_.arguments_bytes_max) {
    return error{errc::too_large,
                 "run " + request.target + " for another node: its arguments have " +
                     std::to_string(request.arguments.text.size()) + " bytes, at most " +
                     std::to_string(limits_.arguments_bytes_max) + " are accepted"};
  }
  return {};
}

expected<void> visiting_tasks::start(peer_number peer, const run_token& token, task_request request,
                                     const cluster_actor& reporter) {
  const std::string given_up = "the node that asked had given it up";
  cancel_here(runs_.cancel_other_leases(peer, token.lease, given_up), given_up);
  if (auto checked = check(request); !checked)
    return checked;
  const auto dispatcher = find<dispatcher_actor>(system_, dispatcher_path);
  if (!dispatcher) {
    return error{errc::unavailable,
                 "run " + request.target + " for another node: the dispatcher is restarting"};
  }
  const auto visit = runs_.admit(peer, token);
  if (!visit)
    return visit.error();
  const observer_ref observer{std::make_shared<visit_observer>(*visit, reporter)};
  // At the priority of its lane here: another node's batch work must not overtake ours.
  if (request.lane_override == lane::batch) {
    caf::anon_send(dispatcher, submit_atom_v, std::move(request), observer);
  } else {
    caf::anon_send<message_priority::high>(dispatcher, submit_atom_v, std::move(request), observer);
  }
  return {};
}

void visiting_tasks::cancel(peer_number peer, const run_token& token, const std::string& reason) {
  if (const auto local = runs_.cancel(peer, token, reason))
    cancel_here(*local, reason);
}

std::size_t visiting_tasks::cancel_lease(peer_number peer, peer_number lease,
                                         const std::string& reason) {
  return cancel_here(runs_.cancel_lease(peer, lease, reason), reason);
}

std::size_t visiting_tasks::cancel_all_of(peer_number peer, const std::string& reason) {
  return cancel_here(runs_.cancel_all_of(peer, reason), reason);
}

std::size_t visiting_tasks::cancel_here(const std::vector<task_id>& locals,
                                        const std::string& reason) const {
  for (const auto& local : locals)
    cancel_here(local, reason);
  return locals.size();
}

void visiting_tasks::cancel_here(const task_id& local, const std::string& reason) const {
  caf::anon_send<message_priority::high>(find<dispatcher_actor>(system_, dispatcher_path),
                                         cancel_atom_v, local, reason);
}

std::optional<visit_report> visiting_tasks::note(visit_number visit, const task_record& record) {
  if (const auto reason = runs_.accept(visit, record.id))
    cancel_here(record.id, *reason);
  if (is_terminal(record.state)) {
    if (auto run = runs_.finish(visit))
      return visit_report{std::move(*run), outcome_of(record)};
  } else if (const auto* const run = runs_.find(visit); run != nullptr && record.progress) {
    return visit_report{*run, *record.progress};
  }
  return std::nullopt;
}

std::optional<visit_report> visiting_tasks::fail(visit_number visit, error why) {
  auto run = runs_.finish(visit);
  if (!run)
    return std::nullopt;
  return visit_report{std::move(*run), work_outcome{.failure = std::move(why)}};
}

work_outcome visiting_tasks::outcome_of(const task_record& record) const {
  if (record.result && record.result->text.size() <= limits_.result_bytes_max)
    return {.result = record.result};
  if (record.result) {
    return {.failure = error{errc::too_large,
                             "return the result of " + record.target + ": it has " +
                                 std::to_string(record.result->text.size()) + " bytes, at most " +
                                 std::to_string(limits_.result_bytes_max) + " go to another node"}};
  }
  return {.failure = record.failure.value_or(
              error{errc::internal, record.target + " ended without a result or an error"})};
}

}  // namespace libagent::actors
