#pragma once

#include "apps/lab/models/turn_contestant.hpp"
#include "apps/lab/report.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace libagent::lab {

struct turn_run {
  std::size_t users = 1;
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds measured{2'000};
};

/// What turns came to, whoever ran them.
struct turn_figures {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double cpu_ms = 0;       ///< User and system, of a turn.
  double resident_mb = 0;  ///< The most since the process began.
  std::uint64_t turns = 0;
  std::uint64_t wrong = 0;  ///< Failed, or with another answer.
  std::string what;         ///< Of a peer: what it is, with its version. Of a wrong turn: why.
};

/// As a line that a part or a peer prints, and back. Errors: `errc::corrupt`.
[[nodiscard]] nlohmann::ordered_json to_json_line(const turn_figures& figures);
[[nodiscard]] expected<turn_figures> turn_figures_of(const nlohmann::ordered_json& line);

/// Users who each begin their next turn as soon as the one before has ended, which is also when it
/// was meant to begin. Blocking.
[[nodiscard]] turn_figures drive_turns(turn_contestant& contestant, const turn_run& run);

struct turn_part_options {
  std::string contestant;
  turn_setup setup;
  turn_run run;
};

/// Drives one of `turn_contestants` and prints its figures as a line of JSON: the part that `turns`
/// starts as a process of its own, so that memory and CPU are the contestant's. Returns the exit
/// code.
[[nodiscard]] int run_turn_part(const turn_part_options& options);

}  // namespace libagent::lab
