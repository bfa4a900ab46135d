#pragma once

#include "apps/lab/report.hpp"

#include <cstddef>
#include <vector>

namespace libagent::lab {

struct concurrency_options {
  std::vector<std::size_t> users;  ///< Of the closed loop; empty: 1 to 1,000.
};

/// How many requests a backend with a knee is given at a time, and what happens when far more come:
/// libagent's limiter and admission beside none, and beside fixed limits. Returns the exit code.
///
/// Throws `std::runtime_error` when a request was not answered exactly once, which no option
/// allows.
[[nodiscard]] int run_concurrency(const lab_options& options,
                                  const concurrency_options& concurrency);

}  // namespace libagent::lab
