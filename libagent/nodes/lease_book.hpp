#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/nodes/peer_number.hpp"
#include "libagent/record/field.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

struct lease_limits {
  std::chrono::milliseconds beat{1'000};   ///< How often a node tells its peers that it lives.
  std::chrono::milliseconds lapse{5'000};  ///< A peer that is silent for so long is lost.
};

/// What came of the leases so far.
struct lease_stats {
  std::uint64_t beats = 0;         ///< Heard from peers.
  std::uint64_t lapsed = 0;        ///< Peers lost because nothing was heard of them.
  std::uint64_t replaced = 0;      ///< Peers lost because a later start of the node took over.
  std::uint64_t late_answers = 0;  ///< Refused: their run was over, or another's.
  std::uint64_t told = 0;          ///< Messages that told a node that its lease is over.

  friend bool operator==(const lease_stats&, const lease_stats&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, lease_stats& x) {
  return record(f, x, "lease_stats", field("beats", "Heartbeats heard from peers.", x.beats),
                field("lapsed", "Peers lost by their silence.", x.lapsed),
                field("replaced", "Peers replaced by a later start of the same node.", x.replaced),
                field("late_answers", "Answers refused for a run that was over.", x.late_answers),
                field("told", "Times that a node was told that its lease is over.", x.told));
}

/// The leases under which peers run tasks for this node, one for each peer.
///
/// A lease lasts for as long as something is heard of the peer, whatever the length of its runs
/// (Gray and Cheriton, "Leases", 1989). It has a number that no other has, not even one of an
/// earlier start of this node, so that an answer under an earlier lease is recognised. A start of
/// a node is its incarnation, a random number. When a node comes back under the same name in
/// another incarnation, the lease of the earlier one is void at once; and the earlier one, should
/// it be alive after all, cannot take the name back for as long as the later one is there.
///
/// All times are of the monotonic clock. Thread safety: none.
class lease_book {
public:
  /// `seed` is random; it keeps the numbers of two starts of this node apart.
  /// @pre `limits.beat` is positive, `limits.lapse` at least twice as long.
  lease_book(const lease_limits& limits, std::uint64_t seed);

  /// Which lease ends if this node is let in: that of the same name. Empty: none.
  /// Errors: `already_exists` when a later start of the node has taken its place.
  [[nodiscard]] expected<std::optional<peer_number>> claim(std::string_view node,
                                                           std::uint64_t incarnation) const;

  /// Lets a node in. Ends the lease of the same name. Returns the number of its lease, never 0.
  /// @pre `claim` allows it.
  peer_number grant(std::string node, std::uint64_t incarnation, time_point now);

  /// Something came from this peer. Unknown ones are ignored.
  void heard(peer_number peer, time_point now);

  /// A heartbeat came from this peer. False: it is of another incarnation than the lease.
  [[nodiscard]] bool beat(peer_number peer, std::uint64_t incarnation, time_point now);

  void end(peer_number peer);

  /// Ends the leases of all peers that were silent for `lapse` or longer.
  [[nodiscard]] std::vector<peer_number> take_lapsed(time_point now);

  /// Whether it is time to tell the peers that this node lives; once per `beat`.
  [[nodiscard]] bool take_beat(time_point now);

  void note_late_answer() { ++stats_.late_answers; }

  void note_told() { ++stats_.told; }

  [[nodiscard]] const lease_limits& limits() const { return limits_; }

  [[nodiscard]] const lease_stats& stats() const { return stats_; }

  [[nodiscard]] std::size_t size() const { return leases_.size(); }

private:
  struct lease {
    std::string node;
    std::uint64_t incarnation = 0;
    time_point heard_at;
    std::vector<std::uint64_t> replaced;  // earlier starts of the node, the latest last
  };

  using leases = std::map<peer_number, lease>;

  [[nodiscard]] leases::const_iterator find_by(std::string_view node) const;
  [[nodiscard]] peer_number next_number();

  lease_limits limits_;
  peer_number last_number_;
  leases leases_;
  std::optional<time_point> last_beat_;
  lease_stats stats_;
};

}  // namespace libagent
