#include "apps/lab/memory_limited.hpp"

#include "apps/lab/child_program.hpp"
#include "apps/lab/memory_cage.hpp"

#include <fmt/format.h>

#include <csignal>
#include <string>
#include <vector>

namespace libagent::lab {

namespace {

constexpr double usable_of_limit = 0.9;

std::uint64_t whole_mib(std::uint64_t bytes) {
  return bytes >> 20U;
}

double number_of(const nlohmann::ordered_json& result, const char* lane, const char* key) {
  const auto found = result.find(lane);
  return found == result.end() ? 0 : found->value(key, 0.0);
}

/// A run in a limit of its own, and what the kernel says of it.
struct limited_run {
  child_outcome outcome;
  std::string limited_by;
  std::uint64_t oom_kills = 0;
  std::uint64_t group_peak_bytes = 0;

  [[nodiscard]] bool was_killed() const { return oom_kills > 0 || outcome.signal == SIGKILL; }

  [[nodiscard]] bool is_done() const { return outcome.last.value("done", false); }

  /// Of what was offered, in percent.
  [[nodiscard]] double short_success() const {
    const auto offered = number_of(outcome.last, "short", "offered");
    return offered > 0 ? 100 * number_of(outcome.last, "short", "succeeded") / offered : 0;
  }
};

limited_run run_under_limit(const char* part, const lab_options& options,
                            std::uint64_t limit_bytes) {
  const memory_cage cage{limit_bytes};
  std::vector<std::string> arguments{"memory",
                                     "--part",
                                     part,
                                     "--seed",
                                     std::to_string(options.seed),
                                     "--limit-mib",
                                     std::to_string(whole_mib(limit_bytes))};
  if (options.quick)
    arguments.emplace_back("--quick");
  limited_run run{.outcome = run_child_program(arguments, &cage),
                  .limited_by = std::string{cage.name()}};
  run.oom_kills = cage.oom_kills();
  run.group_peak_bytes = cage.peak_bytes();
  return run;
}

std::string ending_of(const limited_run& run) {
  if (run.was_killed())
    return "killed (out of memory)";
  if (run.outcome.signal != 0)
    return "ended by signal " + std::to_string(run.outcome.signal);
  if (!run.outcome.has_started)
    return "did not start";
  return run.is_done() ? "to its end" : "exit code " + std::to_string(run.outcome.exit_code);
}

void add_run(report& into, const char* program, const limited_run& run) {
  const auto& seen = run.outcome.last;
  into.add_row("ten times what fits, under a limit",
               {{"program", program},
                {"limited by", run.limited_by},
                {"ran", ending_of(run)},
                {"peak RSS MiB", whole_mib(run.outcome.peak_resident_bytes)},
                {"group peak MiB", whole_mib(run.group_peak_bytes)},
                {"short offered", number_of(seen, "short", "offered")},
                {"refused", number_of(seen, "short", "refused")},
                {"expired", number_of(seen, "short", "expired")},
                {"succeeded %", run.short_success()},
                {"p50 ms", number_of(seen, "short", "p50 ms")},
                {"p99 ms", number_of(seen, "short", "p99 ms")}});
  report::row longs{{"program", program}};
  for (const auto* key : {"offered", "accepted", "refused", "succeeded", "failed", "cancelled",
                          "expired", "dead", "not ended once"})
    longs[key] = number_of(seen, "long", key);
  into.add_row("the long tasks", longs);
}

void add_levels(report& into, const limited_run& run) {
  const auto levels = run.outcome.last.find("levels");
  if (levels != run.outcome.last.end())
    into.add_row("levels and actions of the node (seconds at each level)", *levels);
}

void add_aims(report& into, const limited_run& run, std::uint64_t limit_bytes) {
  const auto wrong = number_of(run.outcome.last, "short", "not ended once") +
                     number_of(run.outcome.last, "long", "not ended once");
  const auto usable = usable_of_limit * static_cast<double>(whole_mib(limit_bytes));
  into.add_aim("kills for want of memory", aim_is::at_most, 0, run.was_killed() ? 1 : 0, "");
  into.add_aim("resident memory at most", aim_is::at_most, usable,
               static_cast<double>(whole_mib(run.outcome.peak_resident_bytes)), "MiB");
  into.add_aim("short tasks that succeeded, of those offered", aim_is::at_least, 99,
               run.short_success(), "%");
  into.add_aim("accepted tasks that did not end exactly once", aim_is::at_most, 0, wrong, "");
}

bool is_correct(const limited_run& run) {
  return run.is_done() && run.outcome.exit_code == 0 &&
         number_of(run.outcome.last, "short", "not ended once") == 0 &&
         number_of(run.outcome.last, "long", "not ended once") == 0;
}

}  // namespace

bool measure_limited(report& into, const lab_options& options, std::uint64_t limit_bytes) {
  announce("ten times what fits, on two plain thread pools");
  const auto bare = run_under_limit("bare", options, limit_bytes);
  announce("ten times what fits, on a node");
  const auto node = run_under_limit("limited", options, limit_bytes);
  add_run(into, "two thread pools", bare);
  add_run(into, "libagent", node);
  add_levels(into, node);
  add_aims(into, node, limit_bytes);
  into.add_note(fmt::format(
      "The limit is {} MiB ({}). Long tasks write to an eighth of it each and keep it for 200 to "
      "500 ms; every second one does not say so beforehand. 16 may run at a time in both "
      "programs. Of a program that was killed the last quarter of a second is missing.",
      whole_mib(limit_bytes), node.limited_by));
  const auto correct = is_correct(node);
  if (!correct) {
    into.add_note("The node did not end every task that it had accepted exactly once: " +
                  ending_of(node) + ".");
  }
  return correct;
}

}  // namespace libagent::lab
