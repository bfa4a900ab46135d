#pragma once

#include "actors/bridge/spawning.hpp"
#include "actors/node_gate.hpp"
#include "actors/node_joins.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/visiting_tasks.hpp"
#include "libagent/nodes/endpoint.hpp"
#include "libagent/nodes/forwarded_runs.hpp"
#include "libagent/nodes/handshake.hpp"

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
  /// This node: its name, version, and its own tools, which are all that peers may run here.
  node_offer own;
  /// Where other nodes may join; empty: they may not. Port 0 takes a free one, and a restarted
  /// cluster actor takes the same one again: copies of the options share `port_taken`.
  std::optional<endpoint> listen;
  std::shared_ptr<std::uint16_t> port_taken = std::make_shared<std::uint16_t>(0);
  join_options joins;
  peer_limits peers;
  wire_limits wire;
  /// CAF's middleman actor (`system.middleman().actor_handle()`), or what speaks like it.
  caf::actor network;
  /// Told, on the cluster's thread, where others can join, or once why they cannot (yet).
  std::function<void(const expected<endpoint>&)> on_listening = [](const expected<endpoint>&) {};
  std::chrono::milliseconds tick = std::chrono::milliseconds{250};
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
/// - `status` -> the offers of the present peers.
/// - All else comes from its gate, from the observers of visiting tasks, and from itself.
///
/// **Delivery**: at most once. A message can be lost with its connection, and nothing in CAF says
/// so; therefore every run has a deadline here too, a second after the task's own, and the loss of
/// a peer ends all that it ran at once. The dispatcher decides whether to run it again.
/// **Identity**: a peer is whoever sends from the gate that took part in the handshake. A node
/// that was restarted has another gate, and is another peer with the same name.
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

  using peers = std::map<peer_number, peer>;

  void listen(const endpoint& wanted);
  void open_port(const endpoint& where);
  void listening(const endpoint& where);
  void not_listening(const endpoint& where);

  // Peers.
  [[nodiscard]] expected<void> check_newcomer(const node_offer& theirs) const;
  [[nodiscard]] peers::iterator find_peer(const caf::actor_addr& gate);
  [[nodiscard]] peers::iterator find_peer(const std::string& node);
  void add_peer(const node_offer& theirs, const node_gate_actor& gate);
  void lose_peer(const caf::down_msg& down);
  void greeted(const node_offer& theirs, const caf::actor& from);
  void welcomed(const node_offer& theirs, const caf::actor& from);
  void refused(const error& why, const caf::actor& from);

  // Tasks of this node that run at peers.
  void forward(const std::string& node, const task_id& id, std::uint32_t attempt,
               task_request& request);
  void cancel_at_peer(const forwarded_run& run, const std::string& reason);
  void pass_progress(const task_id& id, std::uint32_t attempt, const task_progress& how_far,
                     const caf::actor& from);
  void pass_outcome(const task_id& id, std::uint32_t attempt, const work_outcome& outcome,
                    const caf::actor& from);
  void give_up_expired();

  // Tasks of peers that run here.
  void run_visit(const task_id& id, std::uint32_t attempt, task_request& request,
                 const caf::actor& from);
  void cancel_visit(const task_id& id, std::uint32_t attempt, const std::string& reason,
                    const caf::actor& from);
  void report(const std::optional<visit_report>& news);

  // The dispatcher.
  void notice_dispatcher();
  [[nodiscard]] dispatcher_actor dispatcher() const;
  void fail_run(const task_id& id, std::uint32_t attempt, error why);

  void wake();

  cluster_actor::pointer self_;
  cluster_options options_;
  node_gate_actor gate_;
  node_joins joins_;
  visiting_tasks visiting_;
  forwarded_runs forwarded_;
  peers peers_;
  peer_number last_peer_ = 0;
  caf::actor_addr announced_to_;  // the dispatcher that knows our peers
  bool listens_ = false;          // or is about to
  bool trouble_told_ = false;     // that the port cannot be opened
};

using cluster_impl = cluster_actor::stateful_impl<cluster_state>;

}  // namespace libagent::actors
