#pragma once

#include "apps/lab/report.hpp"

#include <string>

namespace libagent::lab {

struct turns_options {
  /// Folder of the peers' scripts with what they need; empty: without peers.
  std::string peers = "build/turn-peers";
  int rounds = 0;  ///< Of everything, in turns; 0: as many as usual.
};

/// An agent's turn (a model call, a tool call, a model call; the stub model server does not think)
/// beside a bare CAF and libcurl loop that does the same by hand, and beside what others use: turns
/// a second, latency, CPU and memory with 1, 16 and 64 users.
///
/// Starts this program again as `model-server` and `turn-part`. Returns the exit code.
[[nodiscard]] int run_turns(const lab_options& options, const turns_options& turns);

}  // namespace libagent::lab
