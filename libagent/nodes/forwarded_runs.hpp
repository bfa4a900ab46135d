#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"
#include "libagent/nodes/peer_number.hpp"
#include "libagent/nodes/run_token.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// One attempt of a task of this node that a peer runs.
struct forwarded_run {
  task_id id;
  std::uint32_t attempt = 0;
  peer_number peer = 0;  ///< And the lease under which it runs there.
  std::string target;
  time_point deadline;  ///< When this node stops waiting, whatever the peer does.

  [[nodiscard]] run_token token() const { return {.id = id, .attempt = attempt, .lease = peer}; }
};

/// The attempts that peers run for this node.
///
/// Nothing in the network says that an answer will never come, so every run leaves this table by
/// one of four doors: answered, its peer lost, past its deadline, or taken back. Each door gives it
/// out once. Thread safety: none.
class forwarded_runs {
public:
  /// @pre `per_peer_max` is positive.
  explicit forwarded_runs(std::size_t per_peer_max);

  /// Errors: `overloaded` when the peer has as many as it may, `already_exists` when the task is
  /// out at a peer already.
  [[nodiscard]] expected<void> add(forwarded_run run);

  /// The run of `id`, whatever its attempt; null when it is not out.
  [[nodiscard]] const forwarded_run* find(const task_id& id) const;

  /// The run with exactly this token; null when it is over, or was given to another.
  [[nodiscard]] const forwarded_run* find(const run_token& token) const;

  /// Answered: takes out the run with exactly this token. Empty when it is over.
  std::optional<forwarded_run> take(const run_token& token);

  /// Takes out all runs of a lost peer.
  std::vector<forwarded_run> take_all_of(peer_number peer);

  /// Takes out all runs whose deadline is `now` or earlier.
  std::vector<forwarded_run> take_expired(time_point now);

  /// Takes out all runs: who asked for them is gone.
  std::vector<forwarded_run> take_all();

  [[nodiscard]] std::size_t size() const { return runs_.size(); }

private:
  template <class Predicate>
  std::vector<forwarded_run> take_if(Predicate chosen);

  std::size_t per_peer_max_;
  std::map<task_id, forwarded_run> runs_;
};

}  // namespace libagent
