#include "apps/lab/faults.hpp"

#include "apps/lab/faults/fault_shim.hpp"
#include "apps/lab/faults/seed_run.hpp"
#include "libagent/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace libagent::lab {

namespace {

/// Every so many seeds drive the `agent` itself, with programs as tools; these cannot ask for
/// children, nor crash the node.
constexpr std::uint64_t seeds_per_agent_seed = 3;

std::filesystem::path beside_this_program(const char* name) {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  auto other = program.parent_path() / name;
  return std::filesystem::exists(other, failed) ? other : std::filesystem::path{};
}

class faults_experiment {
public:
  faults_experiment(const lab_options& options, const faults_options& faults)
      : options_{options}, faults_{faults} {}

  int run();

private:
  void run_one(std::uint64_t seed);
  void add(const seed_plan& plan, const seed_outcome& outcome, bool drives_agent, double seconds);
  void report_totals();

  const lab_options& options_;
  const faults_options& faults_;
  report result_{"faults"};
  seed_run_options run_;
  std::filesystem::path agent_;
  std::map<std::string, std::uint64_t> injected_;
  std::map<std::string, std::uint64_t> ends_;
  std::vector<std::uint64_t> failed_;
  std::vector<double> seconds_;
  seed_outcome sum_;
  std::uint64_t agent_seeds_ = 0;
  time_point progress_at_;
};

void faults_experiment::add(const seed_plan& plan, const seed_outcome& outcome, bool drives_agent,
                            double seconds) {
  for (const auto& [name, count] : outcome.faults)
    injected_[name] += count;
  for (const auto& [state, count] : outcome.ends)
    ends_[state] += count;
  sum_.submits += outcome.submits;
  sum_.acknowledged += outcome.acknowledged;
  sum_.unknown += outcome.unknown;
  sum_.starts += outcome.starts;
  sum_.lost_in_damage += outcome.lost_in_damage;
  sum_.set_back_by_damage += outcome.set_back_by_damage;
  agent_seeds_ += drives_agent ? 1 : 0;
  seconds_.push_back(seconds);
  if (outcome.problems.empty())
    return;
  failed_.push_back(plan.seed);
  std::cerr << describe(plan) << "  driven: " << (drives_agent ? "agent" : "fault-node") << '\n';
  for (const auto& problem : outcome.problems)
    std::cerr << "  PROBLEM: " << problem << '\n';
  std::cerr << "  kept: " << outcome.folder.string() << '\n';
}

void faults_experiment::run_one(std::uint64_t seed) {
  const auto plan = plan_of_seed(seed);
  if (faults_.trace)
    std::cerr << describe(plan);
  const bool drives_agent =
      !agent_.empty() && (!faults_.agent.empty() || seed % seeds_per_agent_seed == 0);
  run_.agent = drives_agent ? agent_ : std::filesystem::path{};
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = run_seed(plan, run_);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  add(plan, outcome, drives_agent, took.count());
}

void faults_experiment::report_totals() {
  for (const auto& [name, count] : injected_)
    result_.add_row("faults injected", {{"fault", name}, {"times", count}});
  for (const auto& [state, count] : ends_)
    result_.add_row("ends that were told", {{"state", state}, {"tasks", count}});
  const auto spread = quantiles_of(seconds_);
  result_.add_row("the whole", {{"seeds", seconds_.size()},
                                {"failed", failed_.size()},
                                {"starts of the node", sum_.starts},
                                {"submits", sum_.submits},
                                {"acknowledged", sum_.acknowledged},
                                {"never answered", sum_.unknown},
                                {"lost, reported", sum_.lost_in_damage},
                                {"set back, reported", sum_.set_back_by_damage},
                                {"s per seed p50", fmt::format("{:.2f}", spread.p50)},
                                {"s per seed max", fmt::format("{:.2f}", spread.max)}});
  result_.add_note(fmt::format(
      "{} seeds drove {}, with programs as tools and a declared agent on the faulty stub model "
      "server; the others this program's own fault-node, which is composed like \"agent serve\" "
      "and "
      "whose tools can also ask for children and crash it.",
      agent_seeds_, agent_.empty() ? "no agent: none was found" : agent_.string()));
  std::string which;
  for (const auto seed : failed_)
    which += " " + std::to_string(seed);
  if (!which.empty())
    result_.add_note("Seeds with a problem:" + which);
  result_.add_aim("seeds with a problem", aim_is::at_most, 0, static_cast<double>(failed_.size()),
                  "seeds");
}

int faults_experiment::run() {
  const auto shim = fault_shim_library();
  if (!shim) {
    std::cerr << "agent-lab: " << to_string(shim.error()) << '\n';
    return 1;
  }
  run_.shim = *shim;
  run_.keep = faults_.keep;
  run_.trace = faults_.trace;
  run_.folder = std::filesystem::temp_directory_path() / fmt::format("agent-faults-{}", ::getpid());
  agent_ = faults_.agent.empty() ? beside_this_program("agent")
                                 : std::filesystem::absolute(faults_.agent);
  const auto seeds = faults_.seeds > 0 ? faults_.seeds : (options_.quick ? 30U : 1U);
  result_.set_config("first seed", options_.seed);
  result_.set_config("seeds", seeds);
  const auto begun = std::chrono::steady_clock::now();
  progress_at_ = begun;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    run_one(options_.seed + i);
    const auto now = std::chrono::steady_clock::now();
    if (now - progress_at_ < std::chrono::seconds{5} && i + 1 != seeds)
      continue;
    progress_at_ = now;
    const std::chrono::duration<double> past = now - begun;
    announce(fmt::format("{} of {} seeds, {} failed, {:.2f} seeds/s", i + 1, seeds, failed_.size(),
                         static_cast<double>(i + 1) / past.count()));
  }
  std::error_code ignored;
  if (failed_.empty() && !faults_.keep)
    std::filesystem::remove_all(run_.folder, ignored);
  report_totals();
  const int code = result_.finish(options_);
  return failed_.empty() ? code : 1;
}

}  // namespace

int run_faults(const lab_options& options, const faults_options& faults) {
  return faults_experiment{options, faults}.run();
}

}  // namespace libagent::lab
