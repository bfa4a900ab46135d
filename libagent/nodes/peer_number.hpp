#pragma once

#include <cstdint>

namespace libagent {

/// Names one lease of a peer, from its handshake until it is lost. A peer that comes back under
/// the same name has a new number, so nothing meant for the old one reaches it. Never 0.
using peer_number = std::uint64_t;

}  // namespace libagent
