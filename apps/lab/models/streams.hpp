#pragma once

#include "apps/lab/report.hpp"

#include <string>

namespace libagent::lab {

struct streams_options {
  std::string agent;  ///< The program to measure; empty: the `agent` beside this one.
};

/// What the OpenAI-compatible door adds to a model server: time to the first token of a stream
/// against the same stub model server called directly, with 1, 16 and 64 users; tokens a second of
/// a core; and 2,000 streams of 700 ms at once.
///
/// Starts `agent serve`, and this program again as `model-server` and `stream-load`. Returns the
/// exit code.
[[nodiscard]] int run_streams(const lab_options& options, const streams_options& streams);

}  // namespace libagent::lab
