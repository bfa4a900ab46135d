#include "apps/lab/isolation_cpu.hpp"

#include "apps/lab/isolation_http.hpp"
#include "apps/lab/isolation_node.hpp"
#include "apps/lab/isolation_peers.hpp"
#include "apps/lab/isolation_pools.hpp"
#include "libagent/adapters/realtime_guard.hpp"
#include "libagent/adapters/thread_priority.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace libagent::lab {

namespace {

constexpr double trusted_foreign_percent = 5;
constexpr std::chrono::milliseconds rt_limit{200};

/// The two that an aim compares, with the same scheduling and the same way in.
struct rivals {
  std::string via;
  ranking ranks;

  [[nodiscard]] std::string suffix() const {
    return via + (ranks == ranking::fifo ? ", fifo" : ", nice 19");
  }

  [[nodiscard]] std::string bare() const { return "two pools" + suffix(); }

  [[nodiscard]] std::string ours() const { return "libagent" + suffix(); }
};

constexpr const char* over_http = " over HTTP";

class cpu_experiment {
public:
  cpu_experiment(report& into, const bench_sizes& sizes, const lab_options& options,
                 const isolation_options& which)
      : into_{into}, sizes_{sizes}, options_{options}, which_{which} {}

  std::vector<std::string> run() {
    add_ours();
    add_peers();
    run_rounds(modes_, plan_for(options_, which_));
    add_modes(into_, "short tasks of 50 us beside CPU-bound long ones, microseconds", modes_);
    for (const auto& pair : pairs_)
      add_aims(pair);
    add_peer_aim();
    if (const auto count = realtime_demotions(); count > 0)
      failures_.push_back(std::to_string(count) + " times a thread lost its real-time priority");
    std::vector<std::string> problems;
    for (auto& one : modes_)
      problems.insert(problems.end(), one.problems.begin(), one.problems.end());
    problems.insert(problems.end(), failures_.begin(), failures_.end());
    return problems;
  }

private:
  void add(const std::string& name, std::unique_ptr<contestant> made) {
    modes_.push_back({.name = name, .who = std::move(made)});
  }

  template <class Contestant>
  void add(const std::string& name, expected<std::unique_ptr<Contestant>> made) {
    if (made) {
      add(name, std::unique_ptr<contestant>{*std::move(made)});
    } else {
      failures_.push_back(name + ": " + to_string(made.error()));
    }
  }

  void add_ours() {
    using pools = pools_contestant::pools;
    add("one pool", std::make_unique<pools_contestant>(sizes_, pools::one, ranking::none));
    for (const auto ranks : rankings()) {
      const rivals inside{"", ranks};
      add(inside.bare(), std::make_unique<pools_contestant>(sizes_, pools::two, ranks));
      add(inside.ours(), node_contestant::start(sizes_, setup_for(ranks)));
      const rivals outside{over_http, ranks};
      add(outside.bare(), make_http_pools(sizes_, ranks));
      add(outside.ours(), make_http_node(sizes_, setup_for(ranks)));
      pairs_.insert(pairs_.end(), {inside, outside});
    }
  }

  [[nodiscard]] node_setup setup_for(ranking ranks) const {
    node_setup setup{.ranks = ranks};
    if (!which_.pool_policy.empty())
      setup.options.pool_policy = which_.pool_policy;
    return setup;
  }

  std::vector<ranking> rankings() {
    std::vector<ranking> wanted;
    if (which_.sched != "fifo")
      wanted.push_back(ranking::nice);
    if (which_.sched == "nice")
      return wanted;
    // The guard comes first: a real-time thread that never blocks would keep its core.
    if (fifo_permitted() && install_realtime_guard(rt_limit)) {
      wanted.push_back(ranking::fifo);
    } else {
      into_.add_note("Real-time scheduling is not permitted here; the modes with it are left out.");
    }
    return wanted;
  }

  void add_peers() {
    if (options_.quick || which_.peers.empty())
      return into_.add_note("Peers were left out.");
    for (const auto& spec : known_peers()) {
      announce("starting " + spec.name);
      auto peer = start_peer(which_.peers, spec);
      if (peer) {
        peers_.push_back(spec.name);
        add(spec.name, std::move(peer));
      } else {
        into_.add_note("Left out: " + to_string(peer.error()));
      }
    }
  }

  const mode* find(const std::string& name) const {
    const auto found = std::ranges::find(modes_, name, &mode::name);
    return found == modes_.end() ? nullptr : &*found;
  }

  void add_aims(const rivals& pair) {
    const auto* bare = find(pair.bare());
    const auto* ours = find(pair.ours());
    if (bare == nullptr || ours == nullptr || bare->loaded.empty() || ours->loaded.empty())
      return;
    const auto p99 = [](const loop_result& one) { return one.latency_us.p99; };
    const auto rate = [](const loop_result& one) { return one.long_per_s; };
    const auto loaded = ours->pooled_loaded_us().p99;
    if (pair.ranks == ranking::fifo) {
      into_.add_aim("loaded p99 of " + pair.ours(), aim_is::at_most,
                    std::max(2'000.0, 1.5 * ours->pooled_idle_us().p99), loaded, "us");
    } else {
      into_.add_aim("loaded p99 of " + pair.ours() + " against two pools, median of rounds",
                    aim_is::at_most, 1.3, median_ratio(ours->loaded, bare->loaded, p99), "x");
      into_.add_aim("loaded p99 of " + pair.ours() + " against two pools, all rounds pooled",
                    aim_is::at_most, 1.3, loaded / bare->pooled_loaded_us().p99, "x");
    }
    into_.add_aim("long tasks of " + pair.ours() + " against two pools", aim_is::at_least, 0.97,
                  median_ratio(ours->loaded, bare->loaded, rate), "x, median of rounds");
  }

  /// Peers come over TCP, so libagent does too, though with HTTP around it.
  void add_peer_aim() {
    const auto* ours = find(rivals{over_http, ranking::nice}.ours());
    const mode* best = nullptr;
    for (const auto& name : peers_) {
      const auto* peer = find(name);
      if (best == nullptr || peer->pooled_loaded_us().p99 < best->pooled_loaded_us().p99)
        best = peer;
    }
    if (ours == nullptr || best == nullptr || best->loaded.empty())
      return;
    into_.add_note(
        "Peers answer a line protocol over TCP, libagent HTTP with JSON over TCP; both "
        "are sent to by the same program. A peer's work is calibrated in its own "
        "language to the same CPU time on an idle core.");
    into_.add_aim("loaded p99 of libagent over HTTP against the best peer (" + best->name + ")",
                  aim_is::at_most, 1, ours->pooled_loaded_us().p99 / best->pooled_loaded_us().p99,
                  "x");
  }

  report& into_;
  bench_sizes sizes_;
  const lab_options& options_;
  const isolation_options& which_;
  std::vector<mode> modes_;
  std::vector<rivals> pairs_;
  std::vector<std::string> peers_;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> measure_cpu_load(report& into, const bench_sizes& sizes,
                                          const lab_options& options,
                                          const isolation_options& which) {
  return cpu_experiment{into, sizes, options, which}.run();
}

round_plan plan_for(const lab_options& options, const isolation_options& which) {
  using std::chrono::milliseconds;
  using namespace std::chrono_literals;
  if (options.quick)
    return {.rounds = 1, .idle = 200ms, .loaded = 400ms, .warm_up = 50ms, .seed = options.seed};
  const milliseconds loaded{static_cast<std::int64_t>(which.seconds * 1e3)};
  return {.rounds = which.rounds, .idle = loaded * 3 / 5, .loaded = loaded, .seed = options.seed};
}

void add_modes(report& into, const std::string& table, const std::vector<mode>& modes) {
  std::string noisy;
  for (const auto& one : modes) {
    if (one.loaded.empty())
      continue;
    const auto idle = one.pooled_idle_us();
    const auto loaded = one.pooled_loaded_us();
    into.add_row(table, {{"mode", one.name},
                         {"idle p50", idle.p50},
                         {"idle p99", idle.p99},
                         {"idle max", idle.max},
                         {"loaded p50", loaded.p50},
                         {"p99", loaded.p99},
                         {"p99.9", loaded.p999},
                         {"max", loaded.max},
                         {"long/s", one.long_per_s()},
                         {"others' CPU %", one.foreign_percent()}});
    if (one.foreign_percent() > trusted_foreign_percent) {
      noisy += fmt::format("{}{} ({:.0f} %)", noisy.empty() ? "" : "; ", one.name,
                           one.foreign_percent());
    }
  }
  if (!noisy.empty()) {
    into.add_note(
        fmt::format("Other programs used more than {:.0f} % of the cores beside some of "
                    "\"{}\": {}. Do not trust ratios with these.",
                    trusted_foreign_percent, table, noisy));
  }
}

}  // namespace libagent::lab
