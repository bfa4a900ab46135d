#include "apps/lab/isolation.hpp"

#include "apps/lab/isolation_cpu.hpp"
#include "apps/lab/isolation_founding.hpp"
#include "apps/lab/isolation_loads.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <iterator>
#include <string_view>
#include <vector>

namespace libagent::lab {

namespace {

constexpr std::array<std::string_view, 6> known_loads{"all",      "cpu",     "io",
                                                      "blocking", "backlog", "memory"};
constexpr std::array<std::string_view, 3> known_scheds{"all", "nice", "fifo"};

template <class Names>
bool check_choice(const Names& names, std::string_view option, const std::string& given) {
  if (std::ranges::find(names, given) != names.end())
    return true;
  std::cerr << "agent-lab: " << option << " is \"" << given << "\", allowed is one of";
  for (const auto name : names)
    std::cerr << ' ' << name;
  std::cerr << '\n';
  return false;
}

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  std::ranges::copy(more, std::back_inserter(all));
}

}  // namespace

int run_isolation(const lab_options& options, const isolation_options& which) {
  if (!check_choice(known_loads, "--load", which.load) ||
      !check_choice(known_scheds, "--sched", which.sched))
    return 2;
  report result{"isolation"};
  result.set_config("quick", options.quick);
  result.set_config("seed", options.seed);
  result.set_config("load", which.load);
  result.set_config("sched", which.sched);
  const bench_sizes sizes{.work = calibrate_work()};
  result.set_config("short_task_us", cpu_us_of_spin(sizes.work.short_rounds));
  result.set_config("long_task_ms",
                    cpu_us_of_spin(sizes.work.slice_rounds) * sizes.work.slices / 1e3);
  std::vector<std::string> problems;
  if (which.load == "all" || which.load == "cpu") {
    measure_founding(result, sizes);
    append(problems, measure_cpu_load(result, sizes, options, which));
  }
  if (which.load != "cpu")
    append(problems, measure_other_loads(result, sizes, options, which.load));
  for (const auto& problem : problems)
    result.add_note("WRONG: " + problem);
  const int outcome = result.finish(options);
  return problems.empty() ? outcome : 1;
}

}  // namespace libagent::lab
