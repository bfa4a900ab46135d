#pragma once

#include "apps/lab/models/stub_options.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent::lab {

/// What goes wrong for a while during a round.
enum class passing_fault : std::uint8_t {
  paused,       ///< SIGSTOP, then SIGCONT.
  disk_full,    ///< The shim's, or a small disk that is really full.
  sync_fails,   ///< Every fsync, by the shim.
  clock_jumps,  ///< And stays so.
  net_cut,
  net_stalls,
  net_trickles,
  net_half_open,
  net_one_way,
};

/// How a round ends.
enum class round_ending : std::uint8_t {
  killed,            ///< kill -9.
  at_crash_point,    ///< It kills itself at a named point.
  terminated,        ///< SIGTERM: it must exit with 0.
  terminated_twice,  ///< The second one soon after the first.
};

/// What happens to the journal while the node is down.
enum class down_fault : std::uint8_t {
  none,
  power_cut,      ///< What was not synced is lost, or part of it, in any order.
  garbage_tail,   ///< The log ends in the middle of a record.
  bytes_changed,  ///< Anywhere.
};

struct timed_fault {
  passing_fault what{};
  std::chrono::milliseconds at{0};
  std::chrono::milliseconds length{0};
  std::chrono::minutes jump{0};  ///< Of the clock.
};

/// One life of the node.
struct seed_round {
  std::chrono::milliseconds length{0};
  std::vector<timed_fault> faults;
  std::vector<timed_fault> model_faults;  ///< Of the network to the model server.
  round_ending ending = round_ending::killed;
  std::string crash_point;            ///< As in AGENT_CRASH_AT.
  std::uint32_t sync_fails_from = 0;  ///< That fsync and all after it fail; 0: none.
  down_fault afterwards = down_fault::none;
  std::size_t ops = 0;  ///< Submits, of each of the client's threads.
};

/// All that a seed decides.
struct seed_plan {
  std::uint64_t seed = 0;
  std::string sync = "group";            ///< journal.sync.
  bool small_disk = false;               ///< The journal is on a file system of its own.
  bool has_poison = false;               ///< One task crashes the node's process.
  std::vector<stub_fault> model_faults;  ///< Of the model server, if the node has agents.
  double model_fault_share = 0;          ///< Of the requests to it.
  std::vector<seed_round> rounds;

  /// Whether bytes are changed: then not all can survive.
  [[nodiscard]] bool damages() const;
};

[[nodiscard]] seed_plan plan_of_seed(std::uint64_t seed);

[[nodiscard]] std::string name_of(passing_fault what);
[[nodiscard]] std::string name_of(round_ending how);
[[nodiscard]] std::string name_of(down_fault what);

/// One line for each round.
[[nodiscard]] std::string describe(const seed_plan& plan);

}  // namespace libagent::lab
