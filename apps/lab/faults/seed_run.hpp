#pragma once

#include "apps/lab/faults/seed_plan.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace libagent::lab {

/// How seeds are run.
struct seed_run_options {
  /// An `agent` to drive; empty: the node in this program, whose tools leave lines.
  std::filesystem::path agent;
  std::filesystem::path shim;    ///< The fault shim's library.
  std::filesystem::path folder;  ///< Where each seed gets a folder.
  bool keep = false;             ///< The folder also of a seed without a problem.
  bool trace = false;            ///< Says what is done, on standard error.
};

/// What one seed came to.
struct seed_outcome {
  std::vector<std::string> problems;
  std::map<std::string, std::uint64_t> faults;  ///< Injected, by name.
  std::map<std::string, std::uint64_t> ends;    ///< Of tasks that were acknowledged, by state.
  std::uint64_t submits = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unknown = 0;  ///< Submits without an answer that says what became of them.
  std::uint64_t starts = 0;
  std::uint64_t lost_in_damage =
      0;  ///< Not found after bytes changed, which the node had reported.
  std::uint64_t set_back_by_damage = 0;  ///< The same, found in an earlier state.
  std::filesystem::path folder;          ///< Of what is kept; empty: nothing is.
};

/// Runs a node through all that the plan says, with a client beside it, and checks what the client
/// was told. The same plan meets another timing each time.
[[nodiscard]] seed_outcome run_seed(const seed_plan& plan, const seed_run_options& options);

}  // namespace libagent::lab
