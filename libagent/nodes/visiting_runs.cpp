#include "libagent/nodes/visiting_runs.hpp"

#include <utility>

namespace libagent {

visiting_runs::visiting_runs(std::size_t per_peer_max) : per_peer_max_{per_peer_max} {
  LIBAGENT_EXPECTS(per_peer_max > 0);
}

expected<visit_number> visiting_runs::admit(peer_number peer, const run_token& token) {
  std::size_t present = 0;
  for (const auto& [visit, run] : runs_) {
    if (run.peer != peer)
      continue;
    if (run.token.id == token.id && run.token.lease == token.lease) {
      return error{errc::already_exists,
                   "run task " + to_string(token.id) + ": it runs here already for the same node"};
    }
    ++present;
  }
  if (present >= per_peer_max_) {
    return error{errc::overloaded, "run a task for another node: " + std::to_string(present) +
                                       " of its tasks run here, which is the limit"};
  }
  const auto visit = ++last_visit_;
  runs_.emplace(visit, visiting_run{.peer = peer, .token = token});
  return visit;
}

std::optional<std::string> visiting_runs::accept(visit_number visit, const task_id& local) {
  const auto found = runs_.find(visit);
  if (found == runs_.end() || found->second.local)
    return std::nullopt;
  found->second.local = local;
  return found->second.cancel_reason;
}

std::optional<task_id> visiting_runs::cancel(peer_number peer, const run_token& token,
                                             const std::string& reason) {
  for (auto& [visit, run] : runs_) {
    if (run.peer == peer && run.token == token) {
      run.cancel_reason = reason;
      return run.local;
    }
  }
  return std::nullopt;
}

template <class Predicate>
std::vector<task_id> visiting_runs::cancel_if(Predicate chosen, const std::string& reason) {
  std::vector<task_id> locals;
  for (auto& [visit, run] : runs_) {
    if (!chosen(run))
      continue;
    run.cancel_reason = reason;
    if (run.local)
      locals.push_back(*run.local);
  }
  return locals;
}

std::vector<task_id> visiting_runs::cancel_all_of(peer_number peer, const std::string& reason) {
  return cancel_if([peer](const visiting_run& run) { return run.peer == peer; }, reason);
}

std::vector<task_id> visiting_runs::cancel_other_leases(peer_number peer, peer_number present,
                                                        const std::string& reason) {
  return cancel_if(
      [peer, present](const visiting_run& run) {
        return run.peer == peer && run.token.lease != present;
      },
      reason);
}

std::vector<task_id> visiting_runs::cancel_lease(peer_number peer, peer_number lease,
                                                 const std::string& reason) {
  return cancel_if(
      [peer, lease](const visiting_run& run) {
        return run.peer == peer && run.token.lease == lease;
      },
      reason);
}

peer_number visiting_runs::lease_from(peer_number peer) const {
  peer_number lease = 0;
  for (const auto& [visit, run] : runs_) {
    if (run.peer == peer && !run.cancel_reason)
      lease = run.token.lease;
  }
  return lease;
}

const visiting_run* visiting_runs::find(visit_number visit) const {
  const auto found = runs_.find(visit);
  return found == runs_.end() ? nullptr : &found->second;
}

std::optional<visiting_run> visiting_runs::finish(visit_number visit) {
  auto taken = runs_.extract(visit);
  if (taken.empty())
    return std::nullopt;
  return std::move(taken.mapped());
}

}  // namespace libagent
