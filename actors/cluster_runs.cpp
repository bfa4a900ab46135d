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
                                     .deadline = now() + left + answer_grace});
  if (!added)
    return fail_run(id, attempt, added.error());
  caf::send_as(gate_, at->second.gate, run_atom_v,
               run_token{.id = id, .attempt = attempt, .lease = at->first}, std::move(request));
}

void cluster_state::cancel_at_peer(const forwarded_run& run, const std::string& reason) {
  if (const auto at = peers_.find(run.peer); at != peers_.end())
    caf::send_as(gate_, at->second.gate, cancel_atom_v, run.token(), reason);
}

void cluster_state::pass_progress(const run_token& token, const task_progress& how_far,
                                  const caf::actor& from) {
  const auto at = heard_from(from);
  if (at != peers_.end() && token.lease == at->first && forwarded_.find(token) != nullptr)
    caf::anon_send<urgent>(dispatcher(), progress_atom_v, token.id, token.attempt, how_far);
}

void cluster_state::pass_outcome(const run_token& token, const work_outcome& outcome,
                                 const caf::actor& from) {
  const auto at = heard_from(from);
  if (at != peers_.end() && token.lease == at->first && forwarded_.take(token)) {
    caf::anon_send<urgent>(dispatcher(), done_atom_v, token.id, token.attempt, outcome);
  } else {
    refuse_late(token, at, from);
  }
}

void cluster_state::give_up_expired() {
  for (const auto& run : forwarded_.take_expired(now())) {
    cancel_at_peer(run, "its time is up");
    fail_run(
        run.id, run.attempt,
        {errc::deadline_exceeded, "run " + run.target + " on another node: no answer in time"});
  }
}

// -- tasks of peers that run here -------------------------------------------

void cluster_state::run_visit(const run_token& token, task_request& request,
                              const caf::actor& from) {
  const auto at = heard_from(from);
  if (at == peers_.end()) {
    // It is not, or no longer, a peer, and must not wait for an answer.
    return tell_lapsed(caf::actor_cast<node_gate_actor>(from), 0);
  }
  const auto started =
      visiting_.start(at->first, token, std::move(request), caf::actor_cast<cluster_actor>(self_));
  if (!started) {
    caf::send_as(gate_, at->second.gate, done_atom_v, token,
                 work_outcome{.result = {}, .failure = started.error()});
  }
}

void cluster_state::cancel_visit(const run_token& token, const std::string& reason,
                                 const caf::actor& from) {
  if (const auto at = heard_from(from); at != peers_.end())
    visiting_.cancel(at->first, token, reason);
}

void cluster_state::report(const std::optional<visit_report>& news) {
  if (!news)
    return;
  const auto at = peers_.find(news->run.peer);
  if (at == peers_.end())
    return;
  const auto& gate = at->second.gate;
  if (const auto* const how_far = std::get_if<task_progress>(&news->what)) {
    caf::send_as(gate_, gate, progress_atom_v, news->run.token, *how_far);
  } else {
    caf::send_as(gate_, gate, done_atom_v, news->run.token, std::get<work_outcome>(news->what));
  }
}

}  // namespace libagent::actors
