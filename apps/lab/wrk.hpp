#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace libagent::lab {

/// A closed-loop load on one URL, by the program `wrk` in its own process.
struct wrk_load {
  std::string url;
  std::string post_body;  ///< Empty: GET.
  int connections = 64;
  std::chrono::seconds length{5};
};

struct wrk_result {
  double requests_per_second = 0;
  std::uint64_t errors = 0;  ///< Answers other than 2xx and 3xx, and broken connections.
};

/// Runs `wrk -t1`. Errors: `errc::unavailable` when it is not installed or printed no result.
[[nodiscard]] expected<wrk_result> run_wrk(const wrk_load& load);

}  // namespace libagent::lab
