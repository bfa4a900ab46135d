#pragma once

#include "actors/protocol/interfaces.hpp"
#include "libagent/nodes/join_plan.hpp"
#include "libagent/supervision/restart_backoff.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace libagent::actors {

struct join_options {
  std::vector<endpoint> nodes;  ///< Each is joined, and joined again whenever it was lost.
  std::chrono::milliseconds limit{3'000};  ///< Of one try: connecting and the handshake.
  backoff_limits pause{.initial = std::chrono::milliseconds{250},
                       .maximum = std::chrono::seconds{10},
                       .healthy_after = std::chrono::seconds{5}};
  std::uint64_t seed = 1;  ///< Of the pauses' jitter.
};

/// Keeps this node joined to the nodes it was told to join; a part of the cluster actor.
///
/// A try connects through CAF's middleman, checks that a node gate answers there, greets it, and
/// waits for its welcome. Whatever goes wrong is reported once per reason and tried again after
/// a pause that grows. Thread safety: none.
class node_joins {
public:
  /// `network` is CAF's middleman actor, or speaks like it. `own_name` is for reports.
  node_joins(cluster_actor::pointer self, caf::actor network, std::string own_name,
             const join_options& options);

  /// Begins what is due and gives up what is overdue.
  void tick(const node_gate_actor& own_gate, const node_offer& own_offer);

  /// Whether a welcome from `gate` is expected.
  [[nodiscard]] bool is_greeting(const caf::actor_addr& gate) const;

  /// `gate` became a peer.
  void joined(const caf::actor_addr& gate);

  /// `gate` said no, or this node said no to it.
  void refused(const caf::actor_addr& gate, const error& why);

  /// The peer at `gate` was lost.
  void lost(const caf::actor_addr& gate);

private:
  struct join_target {
    join_plan plan;
    restart_backoff pause;
    caf::actor_addr gate;     // while greeting or joined
    time_point joined_at;     // while joined
    std::string last_reason;  // what was reported last
  };

  void connect(std::size_t index, const node_gate_actor& own_gate, const node_offer& own_offer);
  [[nodiscard]] expected<node_gate_actor> check_found(const endpoint& where,
                                                      const caf::strong_actor_ptr& found,
                                                      const std::set<std::string>& speaks,
                                                      const node_gate_actor& own_gate) const;
  void fail(join_target& failed, const error& why);
  [[nodiscard]] join_target* find_by(const caf::actor_addr& gate);
  [[nodiscard]] time_point now() const;

  cluster_actor::pointer self_;
  caf::actor network_;
  std::string own_name_;
  std::chrono::milliseconds limit_;
  std::vector<join_target> joins_;
};

}  // namespace libagent::actors
