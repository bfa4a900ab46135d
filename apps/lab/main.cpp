#include "apps/lab/cache.hpp"
#include "apps/lab/documents.hpp"
#include "apps/lab/overhead.hpp"
#include "apps/lab/report.hpp"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

using libagent::lab::lab_options;

namespace {

void add_common_options(CLI::App* experiment, lab_options& options) {
  experiment->add_flag("--quick", options.quick, "Measure less, to see that it works");
  experiment->add_option("--seed", options.seed, "Seed of whatever is drawn at random");
  experiment->add_option("--json", options.json_file, "Write the results to this file");
  experiment->add_flag("--check", options.check, "Exit with 1 when an aim is missed");
}

void add_cache_options(CLI::App* experiment, libagent::lab::cache_options& options) {
  experiment->add_option("--traces", options.traces,
                         "A folder of NAME.agtrace.gz files, and reference.csv to compare with; "
                         "without it workloads are generated");
  experiment->add_option("--only", options.only, "Workloads by name, with commas between")
      ->delimiter(',');
  experiment->add_option("--policies", options.policies, "Policies by name, with commas between")
      ->delimiter(',');
  experiment
      ->add_option("--sizes", options.sizes,
                   "Capacities such as 10% (of the footprint) or 100MiB, with commas between")
      ->delimiter(',');
  experiment
      ->add_option("--objective", options.objective,
                   "What weighing policies save in byte mode, beside hits: hits, bytes or cost")
      ->capture_default_str();
  experiment->add_option("--jobs", options.jobs, "Replays at a time; 0 is one for each core")
      ->capture_default_str()
      ->check(CLI::Range(0, 256));
  experiment->add_flag("--speed", options.speed,
                       "Measure only speed: of the policies, and through the actor");
  experiment->footer(libagent::lab::describe_policies());
}

int run_lab(int argc, char** argv) {
  CLI::App app{"Measures what libagent gives on this machine."};
  app.name("agent-lab");
  app.require_subcommand(1);
  lab_options options;
  libagent::lab::documents_options documents;
  libagent::lab::cache_options cache;

  auto* overhead = app.add_subcommand(
      "overhead", "What a task costs beyond its work: round trips, memory, start-up, HTTP");
  add_common_options(overhead, options);

  auto* indexing = app.add_subcommand(
      "documents", "Indexing speed against grep -r, and the latency of questions");
  add_common_options(indexing, options);
  indexing->add_option("--folder", documents.folder, "The documents")->capture_default_str();

  auto* caching = app.add_subcommand(
      "cache", "Eviction policies beside the optimum and a reference: hits, cost saved, speed");
  add_common_options(caching, options);
  add_cache_options(caching, cache);

  CLI11_PARSE(app, argc, argv);
  if (overhead->parsed())
    return libagent::lab::run_overhead(options);
  if (caching->parsed())
    return libagent::lab::run_cache(options, cache);
  return libagent::lab::run_documents(options, documents);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_lab(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "agent-lab: " << failure.what() << '\n';
    return 1;
  }
}
