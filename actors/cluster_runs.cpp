// The half of the cluster actor that carries tasks, both ways.

#include "actors/bridge/priority.hpp"
#include "actors/cluster.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace libagent::actors {

namespace {

using std::chrono_literals::operator""s;

/// How much longer than a task's own time an answer is waited for: the peer's clock starts later.
constexpr auto answer_grace = 1s;
/// For a request that says nothing of the time that is left.
constexpr auto forward_time_max = std::chrono::hours{1};

}  // namespace

// -- tasks of this node that run at peers -----------------------------------

void cluster_state::forward(const std::string& node, const task_id& id, std::uint32_t attempt,
                            task_request& request) {
  const auto what = "run " + request.target + " on node " + node + ": ";
  const auto at = find_peer(node);
  if (at == peers_.end()) {
    fail_run(id, attempt, {errc::unavailable, what + "there is no such node now"});
    // A dispatcher that believes otherwise missed the end of the cluster actor before this one.
    caf::anon_send<urgent>(dispatcher(), peer_down_atom_v, node);
    return;
  }
  const auto size = request.arguments.text.size();
  if (size > options_.wire.arguments_bytes_max) {
    return fail_run(
        id, attempt,
        {errc::too_large, what + "its arguments have " + std::to_string(size) + " bytes, at most " +
                              std::to_string(options_.wire.arguments_bytes_max) +
                              " go to another node"});
  }
  const auto left = request.timeout.value_or(forward_time_max);
  const auto added = forwarded_.add({.id = id,
                                     .attempt = attempt,
                                     .peer = at->first,
                                     .target = request.target,
                                     .deadline = self_->clock().now() + left + answer_grace});
  if (!added)
    return fail_run(id, attempt, added.error());
  caf::send_as(gate_, at->second.gate, run_atom_v, id, attempt, std::move(request));
}

void cluster_state::cancel_at_peer(const forwarded_run& run, const std::string& reason) {
  if (const auto at = peers_.find(run.peer); at != peers_.end())
    caf::send_as(gate_, at->second.gate, cancel_atom_v, run.id, run.attempt, reason);
}

void cluster_state::pass_progress(const task_id& id, std::uint32_t attempt,
                                  const task_progress& how_far, const caf::actor& from) {
  const auto at = find_peer(from.address());
  if (at != peers_.end() && forwarded_.find(at->first, id, attempt) != nullptr)
    caf::anon_send<urgent>(dispatcher(), progress_atom_v, id, attempt, how_far);
}

void cluster_state::pass_outcome(const task_id& id, std::uint32_t attempt,
                                 const work_outcome& outcome, const caf::actor& from) {
  const auto at = find_peer(from.address());
  if (at != peers_.end() && forwarded_.take(at->first, id, attempt))
    caf::anon_send<urgent>(dispatcher(), done_atom_v, id, attempt, outcome);
}

void cluster_state::give_up_expired() {
  for (const auto& run : forwarded_.take_expired(self_->clock().now())) {
    cancel_at_peer(run, "its time is up");
    fail_run(
        run.id, run.attempt,
        {errc::deadline_exceeded, "run " + run.target + " on another node: no answer in time"});
  }
}

// -- tasks of peers that run here -------------------------------------------

void cluster_state::run_visit(const task_id& id, std::uint32_t attempt, task_request& request,
                              const caf::actor& from) {
  const auto at = find_peer(from.address());
  if (at == peers_.end())
    return;  // It is not, or no longer, a peer: it has given the run up as well.
  const auto started = visiting_.start(at->first, id, attempt, std::move(request),
                                       caf::actor_cast<cluster_actor>(self_));
  if (!started) {
    caf::send_as(gate_, at->second.gate, done_atom_v, id, attempt,
                 work_outcome{.result = {}, .failure = started.error()});
  }
}

void cluster_state::cancel_visit(const task_id& id, std::uint32_t attempt,
                                 const std::string& reason, const caf::actor& from) {
  if (const auto at = find_peer(from.address()); at != peers_.end())
    visiting_.cancel(at->first, id, attempt, reason);
}

void cluster_state::report(const std::optional<visit_report>& news) {
  if (!news)
    return;
  const auto at = peers_.find(news->run.peer);
  if (at == peers_.end())
    return;
  const auto& gate = at->second.gate;
  if (const auto* const how_far = std::get_if<task_progress>(&news->what)) {
    caf::send_as(gate_, gate, progress_atom_v, news->run.id, news->run.attempt, *how_far);
  } else {
    caf::send_as(gate_, gate, done_atom_v, news->run.id, news->run.attempt,
                 std::get<work_outcome>(news->what));
  }
}

}  // namespace libagent::actors
