#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/nodes/peer_number.hpp"
#include "libagent/nodes/run_token.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// Names one visiting run within this node.
using visit_number = std::uint64_t;

/// One attempt of a peer's task that this node runs.
struct visiting_run {
  peer_number peer = 0;
  run_token token;                           ///< As the peer gave it.
  std::optional<task_id> local;              ///< Here; empty until the dispatcher accepted it.
  std::optional<std::string> cancel_reason;  ///< Set: it is to end as soon as it can be named.
};

/// The attempts that this node runs for its peers.
///
/// A run is known here before the dispatcher has given it a local id. A cancel that comes in
/// between is kept and handed out by `accept`. Thread safety: none.
class visiting_runs {
public:
  /// @pre `per_peer_max` is positive.
  explicit visiting_runs(std::size_t per_peer_max);

  /// Errors: `overloaded` when the peer has as many here as it may, `already_exists` when it sent
  /// the same task under the same lease before and that run is not over.
  [[nodiscard]] expected<visit_number> admit(peer_number peer, const run_token& token);

  /// Notes the id that the task has here. Returns why it is to be cancelled at once, if it is.
  /// Does nothing when it is known already or the run is over.
  [[nodiscard]] std::optional<std::string> accept(visit_number visit, const task_id& local);

  /// Returns the local task to cancel now; empty when there is none (yet).
  [[nodiscard]] std::optional<task_id> cancel(peer_number peer, const run_token& token,
                                              const std::string& reason);

  /// The peer holds this node's runs under lease `present` now, so those under any other are of no
  /// use to it. Returns the local tasks to cancel now.
  [[nodiscard]] std::vector<task_id> cancel_other_leases(peer_number peer, peer_number present,
                                                         const std::string& reason);

  /// The peer says that this lease is over. Returns the local tasks to cancel now.
  [[nodiscard]] std::vector<task_id> cancel_lease(peer_number peer, peer_number lease,
                                                  const std::string& reason);

  /// The lease under which this node runs tasks for the peer; 0: it runs none, or is stopping all.
  [[nodiscard]] peer_number lease_from(peer_number peer) const;

  /// The asking peer is lost. Returns the local tasks to cancel now.
  [[nodiscard]] std::vector<task_id> cancel_all_of(peer_number peer, const std::string& reason);

  /// Null when it is over.
  [[nodiscard]] const visiting_run* find(visit_number visit) const;

  /// Takes the run out; empty when it is over already.
  std::optional<visiting_run> finish(visit_number visit);

  [[nodiscard]] std::size_t size() const { return runs_.size(); }

private:
  template <class Predicate>
  std::vector<task_id> cancel_if(Predicate chosen, const std::string& reason);

  std::size_t per_peer_max_;
  visit_number last_visit_ = 0;
  std::map<visit_number, visiting_run> runs_;
};

}  // namespace libagent
