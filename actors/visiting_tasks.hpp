#pragma once

#include "actors/protocol/interfaces.hpp"
#include "libagent/nodes/visiting_runs.hpp"

#include <caf/actor_system.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace libagent::actors {

/// Bounds on what crosses between two nodes.
struct wire_limits {
  std::size_t runs_per_peer_max = 64;  ///< At a time, in each direction.
  std::size_t arguments_bytes_max = std::size_t{1} << 20U;
  std::size_t result_bytes_max = std::size_t{8} << 20U;
};

/// What to tell the peer whose run this is.
struct visit_report {
  visiting_run run;
  std::variant<task_progress, work_outcome> what;  ///< An outcome is the last report of a run.
};

/// The tasks that the dispatcher of this node runs for peers; a part of the cluster actor.
///
/// A visiting task becomes an ordinary task of this node, with its own id and record. Only tools
/// of this node are run: a task never travels on to a third node or back.
/// Thread safety: none.
class visiting_tasks {
public:
  /// `own_tools` are the names of what is run for peers.
  visiting_tasks(caf::actor_system& system, std::set<std::string> own_tools, wire_limits limits);

  /// Submits the task. Errors: `not_found` (no such tool here), `too_large`, `overloaded`,
  /// `already_exists`, `unavailable` (no dispatcher right now). What the dispatcher says comes as
  /// `watch` messages to `reporter`: records, or one error when it was refused or lost.
  /// Runs of the same peer under another lease are cancelled: it has given them up.
  [[nodiscard]] expected<void> start(peer_number peer, const run_token& token, task_request request,
                                     const cluster_actor& reporter);

  void cancel(peer_number peer, const run_token& token, const std::string& reason);

  /// The peer says that this lease is over. Returns how many runs are cancelled.
  std::size_t cancel_lease(peer_number peer, peer_number lease, const std::string& reason);

  /// The lease under which this node runs tasks for the peer; 0: it runs none.
  [[nodiscard]] peer_number lease_from(peer_number peer) const { return runs_.lease_from(peer); }

  /// The peer is lost: what it asked for is of no use to anybody. Returns how many there were.
  std::size_t cancel_all_of(peer_number peer, const std::string& reason);

  /// The dispatcher said this of a visit. Returns what the peer should hear, if anything.
  [[nodiscard]] std::optional<visit_report> note(visit_number visit, const task_record& record);

  /// The dispatcher refused the visit, or died over it.
  [[nodiscard]] std::optional<visit_report> fail(visit_number visit, error why);

private:
  [[nodiscard]] expected<void> check(const task_request& request) const;
  void cancel_here(const task_id& local, const std::string& reason) const;
  std::size_t cancel_here(const std::vector<task_id>& locals, const std::string& reason) const;
  [[nodiscard]] work_outcome outcome_of(const task_record& record) const;

  caf::actor_system& system_;
  std::set<std::string> own_tools_;
  wire_limits limits_;
  visiting_runs runs_;
};

}  // namespace libagent::actors
