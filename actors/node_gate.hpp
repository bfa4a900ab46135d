#pragma once

#include "actors/protocol/interfaces.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace libagent::actors {

/// The one actor of a node that other nodes reach. It decides nothing: it passes everything on to
/// its cluster actor, together with the gate that sent it.
///
/// Being all that is published and the sender of all that goes out, it is the only actor whose
/// address leaves the process. The cluster actor and the dispatcher stay out of reach, and so do
/// their local messages, which carry pointers that must never be sent over a network.
///
/// **Messages**, all from gates of other nodes, sent without expecting a response:
/// - `hello, offer`: it wants to be a peer. Answered with `welcome, offer` or `refuse, error`.
/// - `run, token, request`: run this; `request.timeout` is the time that is left. Answered with any
///   number of `progress, token, how_far` and one `done, token, outcome`.
/// - `cancel, token, reason`: stop that run. It still answers with `done`.
/// - `beat, incarnation, lease`: it lives, and runs tasks for this node under that lease (0: none).
/// - `lapse, lease`: what runs here under that lease of its is of no use to it any more. 0: this
///   node is not, or no longer, its peer, and must greet it anew.
/// A message without a sender is dropped: there is nobody to answer.
/// **Mailbox**: bounded by what the cluster actors of peers allow each other.
/// **Failure**: linked to its cluster actor, which starts a new gate when it is restarted.
class node_gate_state {
public:
  /// The cluster actor is held weakly: it holds the gate.
  node_gate_state(node_gate_actor::pointer self, caf::weak_actor_ptr cluster);

  node_gate_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.node-gate";

private:
  template <class... Parts>
  void pass_on(Parts&&... parts);

  node_gate_actor::pointer self_;
  caf::weak_actor_ptr cluster_;
};

using node_gate_impl = node_gate_actor::stateful_impl<node_gate_state>;

}  // namespace libagent::actors
