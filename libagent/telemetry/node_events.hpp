#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What a node reports of itself and its peers.
namespace libagent::events {

inline constexpr event_kind node_listening{"node.listening", event_level::info,
                                           "Other nodes can join this one. Fields: node, address."};

inline constexpr event_kind node_listen_failed{
    "node.listen_failed", event_level::error,
    "No other node can join; it is tried again. Reported once. Fields: node, address, reason."};

inline constexpr event_kind node_joined{
    "node.joined", event_level::info,
    "A handshake succeeded; tasks can go both ways. Fields: node, peer, version, tools."};

inline constexpr event_kind node_join_failed{
    "node.join_failed", event_level::warning,
    "A node could not be joined; it is tried again. Reported when the reason changes. "
    "Fields: node, address, reason."};

inline constexpr event_kind node_refused{
    "node.refused", event_level::warning,
    "A node that wanted to join was sent away. Fields: node, peer, reason."};

inline constexpr event_kind node_lost{
    "node.lost", event_level::warning,
    "A peer is gone; what it ran for this node has failed. Fields: node, peer, runs, visits."};

inline constexpr event_kind node_lease_lapsed{
    "node.lease_lapsed", event_level::warning,
    "Nothing was heard of a peer for too long, so it is lost. Fields: node, peer, silence_ms."};

inline constexpr event_kind node_replaced{
    "node.replaced", event_level::warning,
    "A later start of a peer took its place; the leases of the earlier one are void. "
    "Fields: node, peer."};

inline constexpr event_kind node_late_answer{
    "node.late_answer", event_level::warning,
    "A node answered for a run that was over, and was told so. Fields: node, peer, task, attempt."};

inline constexpr event_kind node_lease_over{
    "node.lease_over", event_level::warning,
    "A peer gave this node up: what it ran for the peer is cancelled. Fields: node, peer, visits."};

inline constexpr std::array node_events{
    node_listening, node_listen_failed, node_joined,   node_join_failed, node_refused,
    node_lost,      node_lease_lapsed,  node_replaced, node_late_answer, node_lease_over};

}  // namespace libagent::events
