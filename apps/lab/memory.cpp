#include "apps/lab/memory.hpp"

#include "apps/lab/memory_limited.hpp"
#include "apps/lab/memory_phases.hpp"
#include "apps/lab/memory_sampling.hpp"

#include <iostream>

namespace libagent::lab {

namespace {

int run_part(const lab_options& options, const memory_options& memory, std::uint64_t limit_bytes) {
  if (memory.part == "phases" || memory.part == "phases-kept")
    return run_phases_child(options, memory.part == "phases");
  if (memory.part == "limited")
    return run_limited_child(options, limit_bytes);
  if (memory.part == "bare")
    return run_bare_child(options, limit_bytes);
  std::cerr << "agent-lab memory: there is no part '" << memory.part << "'\n";
  return 2;
}

}  // namespace

int run_memory(const lab_options& options, const memory_options& memory) {
  const auto limit_bytes = memory.limit_mib << 20U;
  if (!memory.part.empty())
    return run_part(options, memory, limit_bytes);
  report result{"memory"};
  result.set_config("quick", options.quick);
  result.set_config("seed", options.seed);
  result.set_config("limit_mib", memory.limit_mib);
  const auto has_phases = measure_phases(result, options);
  const auto lost_none = measure_limited(result, options, limit_bytes);
  measure_sampling(result, options);
  const auto code = result.finish(options);
  return has_phases && lost_none ? code : 1;
}

}  // namespace libagent::lab
