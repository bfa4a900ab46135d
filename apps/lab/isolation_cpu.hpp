#pragma once

#include "apps/lab/isolation.hpp"
#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_rounds.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

/// Short tasks beside CPU-bound long ones: plain pools, libagent and what others use, in process
/// and over TCP. Adds tables, aims and notes; returns what went wrong other than in speed.
[[nodiscard]] std::vector<std::string> measure_cpu_load(report& into, const bench_sizes& sizes,
                                                        const lab_options& options,
                                                        const isolation_options& which);

/// The plan of one experiment's rounds.
[[nodiscard]] round_plan plan_for(const lab_options& options);

/// Rows of latencies, idle and loaded, of each mode; and a word on noise when there was some.
void add_modes(report& into, const std::string& table, const std::vector<mode>& modes);

}  // namespace libagent::lab
