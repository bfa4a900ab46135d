#include "apps/lab/cache.hpp"
#include "apps/lab/concurrency.hpp"
#include "apps/lab/documents.hpp"
#include "apps/lab/faults.hpp"
#include "apps/lab/faults/fault_node.hpp"
#include "apps/lab/io.hpp"
#include "apps/lab/io_server.hpp"
#include "apps/lab/isolation.hpp"
#include "apps/lab/journal.hpp"
#include "apps/lab/memory.hpp"
#include "apps/lab/models/model_commands.hpp"
#include "apps/lab/overhead.hpp"
#include "apps/lab/processes.hpp"
#include "apps/lab/report.hpp"
#include "apps/lab/sessions.hpp"
#include "apps/lab/simulate.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <utility>

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

void add_isolation_options(CLI::App* experiment, libagent::lab::isolation_options& options) {
  experiment
      ->add_option("--load", options.load,
                   "What runs beside short tasks: cpu, io, blocking, backlog, memory or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"cpu", "io", "blocking", "backlog", "memory", "all"}));
  experiment
      ->add_option("--sched", options.sched,
                   "How threads are ranked: nice, fifo (needs a permission) or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"nice", "fifo", "all"}));
  experiment
      ->add_option("--peers", options.peers, "Folder of the peers' scripts; empty: without peers")
      ->capture_default_str();
  experiment->add_option("--rounds", options.rounds, "Rounds of each mode, in turns")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  experiment->add_option("--seconds", options.seconds, "Length of a round under load")
      ->capture_default_str()
      ->check(CLI::Range(0.5, 600.0));
  experiment->add_option("--pool-policy", options.pool_policy,
                         "Of the nodes' scheduler: polling, sharing or stealing; empty: as usual");
}

/// The experiments, and what each takes beside the common options.
class lab {
public:
  lab() {
    app_.name("agent-lab");
    app_.require_subcommand(1);
    add("overhead", "What a task costs beyond its work: round trips, memory, start-up, HTTP",
        [this] { return libagent::lab::run_overhead(options_); });
    add("documents", "Indexing speed against grep -r, and the latency of questions",
        [this] { return libagent::lab::run_documents(options_, documents_); })
        ->add_option("--folder", documents_.folder, "The documents")
        ->capture_default_str();
    add_cache_options(
        add("cache", "Eviction policies beside the optimum and a reference: hits, cost, speed",
            [this] { return libagent::lab::run_cache(options_, cache_); }),
        cache_);
    add_isolation_options(
        add("isolation", "Short tasks beside long ones: here, in plain pools, in other runtimes",
            [this] { return libagent::lab::run_isolation(options_, isolation_); }),
        isolation_);
    add("io", "Tasks that wait for a server: asynchronous, blocking, a thread each",
        [this] { return libagent::lab::run_io(options_, io_); });
    add("concurrency", "The best number of requests under way, and ten times the load",
        [this] { return libagent::lab::run_concurrency(options_, concurrency_); })
        ->add_option("--users", concurrency_.users, "Of the closed loop, with commas between")
        ->delimiter(',');
    add_memory();
    add_faults();
    add_simulate();
    add("journal", "What it costs to keep tasks: rates beside bare SQLite, growth, a start",
        [this] { return libagent::lab::run_journal(options_, journal_); })
        ->add_option("--folder", journal_.folder, "Where the files are made; on a disk");
    add_sessions();
    add("processes", "What it costs to run a tool in a process, and how soon one is stopped",
        [this] { return libagent::lab::run_processes(options_, processes_); });
    models_.add_to(
        app_, options_, [this](CLI::App* command) { add_common_options(command, options_); },
        [this](std::function<int()> chosen) { chosen_ = std::move(chosen); });
    add_wait_server();
    add_part("tool-worker", libagent::lab::run_tool_worker);
    add_part("fault-node", libagent::lab::run_fault_node);
    add_part("fault-worker", libagent::lab::run_fault_worker);
  }

  int run(int argc, char** argv) {
    CLI11_PARSE(app_, argc, argv);
    return chosen_();
  }

private:
  CLI::App* add(const char* name, const char* help, std::function<int()> experiment) {
    auto* added = app_.add_subcommand(name, help);
    add_common_options(added, options_);
    added->callback([this, experiment = std::move(experiment)] { chosen_ = experiment; });
    return added;
  }

  void add_memory() {
    auto* memory = add("memory", "Phases, a run under a real limit, and what sampling costs",
                       [this] { return libagent::lab::run_memory(options_, memory_); });
    memory->add_option("--limit-mib", memory_.limit_mib, "Of the run under a limit")
        ->capture_default_str()
        ->check(CLI::Range(128, 1 << 20));
    memory->add_option("--part", memory_.part)->group("");  // For its own child processes.
  }

  void add_sessions() {
    auto* sessions = add("sessions", "What it costs to keep conversations: memory, file, revivals",
                         [this] { return libagent::lab::run_sessions(options_, sessions_); });
    sessions->add_option("--folder", sessions_.folder, "Where the files are made; on a disk");
    sessions->add_option("--part", sessions_.part)->group("");  // For its own child process.
  }

  void add_faults() {
    auto* faults = add("faults", "Kills, cuts, full disks and more by seed; is anything lost?",
                       [this] { return libagent::lab::run_faults(options_, faults_); });
    faults->add_option("--seeds", faults_.seeds,
                       "How many, from --seed on; 0: 1, or 30 if --quick");
    faults->add_option("--agent", faults_.agent, "The agent to drive beside the lab's own node");
    faults->add_flag("--keep", faults_.keep, "Keep the folder of every seed");
    faults->add_flag("--trace", faults_.trace, "Say what is done");
  }

  void add_simulate() {
    auto* simulate = add("simulate", "Lives of a node on a simulated disk, clock and network",
                         [this] { return libagent::lab::run_simulation(options_, simulate_); });
    simulate->add_option("--seeds", simulate_.seeds, "How many; 0: 100,000, or 20,000 if --quick");
    simulate->add_option("--first", simulate_.first, "The first seed")->capture_default_str();
    simulate->add_flag("--trace", simulate_.with_trace, "Tell all that happens in the first seed");
  }

  /// What experiments start of this program.
  void add_part(const char* name, int (*part)()) {
    app_.add_subcommand(name, "")->group("")->callback([this, part] { chosen_ = part; });
  }

  /// The server that `io` starts.
  void add_wait_server() {
    auto* server = app_.add_subcommand("wait-server", "")->group("");
    server->add_option("--wait-ms", wait_ms_)->check(CLI::Range(0, 600'000));
    server->callback([this] {
      chosen_ = [this] {
        return libagent::lab::run_wait_server(std::chrono::milliseconds{wait_ms_});
      };
    });
  }

  CLI::App app_{"Measures what libagent gives on this machine."};
  lab_options options_;
  libagent::lab::documents_options documents_;
  libagent::lab::cache_options cache_;
  libagent::lab::isolation_options isolation_;
  libagent::lab::io_options io_;
  libagent::lab::concurrency_options concurrency_;
  libagent::lab::memory_options memory_;
  libagent::lab::faults_options faults_;
  libagent::lab::journal_options journal_;
  libagent::lab::processes_options processes_;
  libagent::lab::sessions_options sessions_;
  libagent::lab::simulation_command_options simulate_;
  libagent::lab::model_commands models_;
  std::int64_t wait_ms_ = 700;
  std::function<int()> chosen_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    return lab{}.run(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "agent-lab: " << failure.what() << '\n';
    return 1;
  }
}
