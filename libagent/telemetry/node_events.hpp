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

inline constexpr std::array node_events{node_listening,   node_listen_failed, node_joined,
                                        node_join_failed, node_refused,       node_lost};

}  // namespace libagent::events
