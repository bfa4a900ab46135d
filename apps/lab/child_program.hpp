#pragma once

#include "apps/lab/memory_cage.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace libagent::lab {

/// How a part of an experiment went that ran as a process of its own.
struct child_outcome {
  bool has_started = false;
  int exit_code = -1;  ///< -1 when it was killed.
  int signal = 0;      ///< That killed it.
  std::uint64_t peak_resident_bytes = 0;
  nlohmann::ordered_json last =
      nlohmann::ordered_json::object();  ///< The last whole line it printed.
};

/// Runs this program again, with other arguments, and waits for it. It is to print what it knows
/// as one line of JSON each, again and again: of one that is killed the last line counts.
///
/// @pre This process has no other threads. Blocking: until the other ends.
[[nodiscard]] child_outcome run_child_program(const std::vector<std::string>& arguments,
                                              const memory_cage* cage = nullptr);

/// Prints a line for the parent.
void tell_parent(const nlohmann::ordered_json& what);

}  // namespace libagent::lab
