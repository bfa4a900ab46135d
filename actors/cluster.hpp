#pragma once

#include "actors/bridge/spawning.hpp"
#include "actors/node_gate.hpp"
#include "actors/node_joins.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/visiting_tasks.hpp"
#include "libagent/nodes/endpoint.hpp"
#include "libagent/nodes/forwarded_runs.hpp"
#include "libagent/nodes/handshake.hpp"
#include "libagent/nodes/lease_book.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace libagent::actors {

struct cluster_options {
  /// This node: its name, version, and its own tools, which are all that peers may run here; and
  /// its incarnation, which is random and the same for all cluster actors of one process.
  node_offer own;
  /// Where other nodes may join; empty: they may not. Port 0 takes a free one, and a restarted
  /// cluster actor takes the same one again: copies of the options share `port_taken`.
  std::optional<endpoint> listen;
  std::shared_ptr<std::uint16_t> port_taken = std::make_shared<std::uint16_t>(0);
  join_options joins;
  peer_limits peers;
  wire_limits wire;
  lease_limits leases;
  /// CAF's middleman actor (`system.middleman().actor_handle()`), or what speaks like it.
  caf::actor network;
  /// Told, on the cluster's thread, where others can join, or once why they cannot (yet).
  std::function<void(const expected<endpoint>&)> on_listening = [](const expected<endpoint>&) {};
  std::chrono::milliseconds tick{250};  ///< At most; less when heartbeats need it.
  placement gate_placement = placement::own_thread;
};

/// Stands for all other nodes: joins them, offers their tools to the dispatcher, and carries tasks
/// to them and answers back. Run it under the path `cluster`, on its own thread.
///
/// **Messages**:
/// - `forward, node, id, attempt, request`: from the dispatcher; run this at that peer.
///   `request.timeout` is the time that is left. Always answered to the dispatcher with one
///   `done, id, attempt, outcome`, after any number of `progress`, unless the peer is lost:
///   then `peer_down, node` speaks for all that it ran.
/// - `cancel, id, reason`: from the dispatcher; ends that run at its peer, which answers as usual.
/// - `status` -> the offers of the present peers; `status, beat` -> what came of their leases.
/// - All else comes from its gate, from the observers of visiting tasks, and from itself.
///
/// **Delivery**: at most once. A message can be lost with its connection, and nothing in CAF says
/// so; therefore every run has a deadline here too, a second after the task's own, and the loss of
/// a peer ends all that it ran at once. The dispatcher decides whether to run it again.
/// **Identity**: a peer is whoever sends from the gate that took part in the handshake. A node
/// that was restarted has another gate and another incarnation: it takes the place of the earlier
/// one at once, and whatever that one ran is lost.
/// **Leases**: what a peer runs for this node it runs under a lease, which lasts for as long as
/// something is heard of the peer: each node sends a heartbeat to each peer, on this actor's
/// thread, whatever its workers do. A silent peer is lost like a dead one; when it turns out to be
/// alive, its answers are refused, and it is told, cancels what it ran, and greets anew. Whether a
/// node or the network stood still is not for anybody to say, so both sides give each other up.
/// **Mailbox**: bounded by the credit of the dispatcher and by `wire.runs_per_peer_max` of peers.
/// **Failure**: a restart loses all peers, and what they run for this node; it listens on the same
/// port and joins anew. Use a permanent child. When the dispatcher is restarted, its peers are
/// announced to the new one within a tick, and what the old one had forwarded is cancelled.
class cluster_state {
public:
  /// @pre `network` is not null; `own.node` is a proper node name.
  cluster_state(cluster_actor::pointer self, cluster_options options);

  cluster_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.cluster";

private:
  struct peer {
    node_offer offer;
    node_gate_actor gate;
  };

  using peers = std::map<peer_number, peer>;  // by the number of its lease

  void listen(const endpoint& wanted);
  void open_port(const endpoint& where);
  void listening(const endpoint& where);
  void not_listening(const endpoint& where);

  // Peers.
  [[nodiscard]] peers::iterator find_peer(const caf::actor_addr& gate);
  [[nodiscard]] peers::iterator find_peer(const std::string& node);
  [[nodiscard]] peers::iterator heard_from(const caf::actor& gate);
  [[nodiscard]] expected<void> admit(const node_offer& theirs, const node_gate_actor& gate);
  [[nodiscard]] expected<void> check_newcomer(const node_offer& theirs,
                                              std::optional<peer_number> replaced) const;
  void replace(peer_number earlier);
  void lose_gate(const caf::down_msg& down);
  void lose_peer(peers::iterator lost);
  void greeted(const node_offer& theirs, const caf::actor& from);
  void welcomed(const node_offer& theirs, const caf::actor& from);
  void refused(const error& why, const caf::actor& from);

  // Leases.
  void send_beats();
  void give_up_silent();
  void beaten(std::uint64_t incarnation, peer_number lease, const caf::actor& from);
  void lease_over(peer_number lease, const caf::actor& from);
  void tell_lapsed(const node_gate_actor& gate, peer_number lease);
  void refuse_late(const run_token& token, peers::iterator at, const caf::actor& from);

  // Tasks of this node that run at peers.
  void forward(const std::string& node, const task_id& id, std::uint32_t attempt,
               task_request& request);
  void cancel_at_peer(const forwarded_run& run, const std::string& reason);
  void pass_progress(const run_token& token, const task_progress& how_far, const caf::actor& from);
  void pass_outcome(const run_token& token, const work_outcome& outcome, const caf::actor& from);
  void give_up_expired();

  // Tasks of peers that run here.
  void run_visit(const run_token& token, task_request& request, const caf::actor& from);
  void cancel_visit(const run_token& token, const std::string& reason, const caf::actor& from);
  void report(const std::optional<visit_report>& news);

  // The dispatcher.
  void notice_dispatcher();
  [[nodiscard]] dispatcher_actor dispatcher() const;
  void fail_run(const task_id& id, std::uint32_t attempt, error why);

  [[nodiscard]] time_point now() const { return self_->clock().now(); }

  void wake();

  cluster_actor::pointer self_;
  cluster_options options_;
  node_gate_actor gate_;
  node_joins joins_;
  visiting_tasks visiting_;
  forwarded_runs forwarded_;
  lease_book leases_;
  peers peers_;
  caf::actor_addr announced_to_;  // the dispatcher that knows our peers
  bool listens_ = false;          // or is about to
  bool trouble_told_ = false;     // that the port cannot be opened
};

using cluster_impl = cluster_actor::stateful_impl<cluster_state>;

}  // namespace libagent::actors
