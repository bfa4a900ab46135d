#pragma once

#include "apps/lab/report.hpp"

namespace libagent::lab {

/// `POST /v1/tasks` of a trivial tool, waiting for the result, against the same HTTP server
/// answering a constant: wrk on both in turns.
void measure_http(report& into, const lab_options& options);

}  // namespace libagent::lab
