#pragma once

#include "apps/lab/isolation_contestant.hpp"

#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

/// Something that others use, as a program of its own beside this one.
struct peer_spec {
  std::string name;
  std::string program;  ///< Looked for in PATH.
  std::string script;   ///< In the folder of the peers' scripts.
  std::string argument;
};

/// All that there are scripts for.
[[nodiscard]] std::vector<peer_spec> known_peers();

/// Starts a peer and waits until it listens. Errors: `errc::not_found` without its script or
/// program, `errc::unavailable` when it does not come up within 30 s.
[[nodiscard]] expected<std::unique_ptr<contestant>> start_peer(const std::string& folder,
                                                               const peer_spec& spec);

}  // namespace libagent::lab
