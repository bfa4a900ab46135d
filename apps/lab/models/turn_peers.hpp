#pragma once

#include "apps/lab/models/turn_driving.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

/// Somebody who runs turns in a program of their own.
struct turn_peer {
  std::string name;
  std::vector<std::string>
      program;  ///< Takes port, users, and milliseconds to measure and warm up.
  std::vector<std::string> arguments;  ///< After these.
  bool is_js_framework = false;
};

/// This program's own contestants, each as a part, and all the peers in `folder` that there are
/// scripts for. Empty: none of these.
[[nodiscard]] std::vector<turn_peer> turn_peers_in(const std::string& folder);

/// Runs one in a process of its own. Blocking. Errors: as `run_for_line`, `errc::corrupt` when
/// turns went wrong.
[[nodiscard]] expected<turn_figures> run_turn_peer(const turn_peer& peer, std::uint16_t model_port,
                                                   const turn_run& run);

}  // namespace libagent::lab
