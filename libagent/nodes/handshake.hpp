#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What is checked of a node before it becomes a peer.
struct node_facts {
  std::string name;
  std::string version;             ///< MAJOR.MINOR.PATCH of libagent.
  std::vector<std::string> tools;  ///< Names of the tools it offers.
  std::size_t offer_bytes = 0;     ///< Size of all it tells of them, schemas included.
};

/// Bounds on what peers may ask this node to remember.
struct peer_limits {
  std::size_t peers_max = 16;
  std::size_t tools_max = 256;
  std::size_t offer_bytes_max = std::size_t{1} << 20U;
};

/// A name identifies a node to people, in errors and in task records: `[A-Za-z0-9_-]{1,64}`.
/// Errors: `invalid_argument`.
[[nodiscard]] expected<void> check_node_name(std::string_view name);

/// Whether the node `theirs` may become a peer of `own`, next to the peers named in `present`.
///
/// Errors, in the order they are looked for, each naming both sides of the disagreement:
/// `invalid_argument` (no proper name), `unsupported` (a version that does not understand ours:
/// MAJOR and MINOR must be the same, since the wire format promises nothing more), `already_exists`
/// (the name is ours or a peer's), `too_large` (its offer), `overloaded` (too many peers).
[[nodiscard]] expected<void> check_peer(const node_facts& own, const node_facts& theirs,
                                        std::span<const std::string> present,
                                        const peer_limits& limits);

}  // namespace libagent
