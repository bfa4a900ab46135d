#include "apps/lab/memory_phases.hpp"

#include "apps/lab/agent_task.hpp"
#include "apps/lab/child_program.hpp"
#include "apps/lab/memory_node.hpp"
#include "apps/lab/overhead_process.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

namespace {

using steady = std::chrono::steady_clock;

constexpr double near_baseline = 1.1;

double mib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20U);
}

agent_task_sizes sizes_for(const lab_options& options) {
  agent_task_sizes sizes;
  if (options.quick) {
    sizes.model_bytes /= 10;
    sizes.input_bytes /= 10;
    sizes.peak_bytes /= 10;
    sizes.response_bytes /= 10;
    sizes.phase_time = std::chrono::milliseconds{300};
  }
  return sizes;
}

expected<void> run_task(memory_node& node, std::uint64_t seed) {
  const auto ended =
      node.get().client().run({.target = "agent_task",
                               .arguments = {R"({"seed":)" + std::to_string(seed) + "}"},
                               .timeout = std::chrono::minutes{2}});
  if (!ended)
    return ended.error();
  if (ended->state != task_state::succeeded)
    return ended->failure.value_or(error{errc::internal, "the agent task did not succeed"});
  return {};
}

struct reclaim_result {
  std::uint64_t resident_bytes = 0;
  double seconds = 0;
};

/// Waits until memory is back near the baseline, or for as long as is reasonable.
reclaim_result watch_reclaim(std::uint64_t baseline_bytes, std::chrono::seconds patience) {
  const auto begin = steady::now();
  const auto goal = static_cast<std::uint64_t>(static_cast<double>(baseline_bytes) * near_baseline);
  reclaim_result seen{resident_bytes(0)};
  while (seen.resident_bytes > goal && steady::now() - begin < patience) {
    ::usleep(20'000);
    seen.resident_bytes = resident_bytes(0);
  }
  seen.seconds = std::chrono::duration<double>(steady::now() - begin).count();
  return seen;
}

nlohmann::ordered_json rows_of(const std::vector<memory_phase>& phases) {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& each : phases) {
    rows.push_back({{"phase", each.name},
                    {"time s", static_cast<double>(each.time.count()) / 1000},
                    {"samples", each.samples},
                    {"mean MiB", mib(each.mean_bytes)},
                    {"peak MiB", mib(each.peak_bytes)}});
  }
  return rows;
}

/// Puts a child's phases into a table; returns whether every one was sampled.
bool report_phases(report& into, const nlohmann::ordered_json& phases) {
  std::size_t sampled = 0;
  for (const auto& each : phases) {
    const auto name = each.at("phase").get<std::string>();
    const auto is_known = std::ranges::find(agent_task_phases, name) != agent_task_phases.end();
    sampled += is_known && each.at("samples") > 0 ? 1U : 0U;
    report::row row = report::row::object();
    for (const auto* key : {"phase", "time s", "samples", "mean MiB", "peak MiB"})
      row[key] = each.at(key);
    into.add_row("phases of an agent task (resident memory, sampled every 100 ms)", row);
  }
  return sampled == agent_task_phases.size();
}

void report_reclaim(report& into, bool trims, const nlohmann::ordered_json& seen) {
  into.add_row("reclaim after the task",
               {{"freed memory", trims ? "given back (malloc_trim)" : "left to the allocator"},
                {"before MiB", seen.at("baseline MiB")},
                {"peak MiB", seen.at("peak MiB")},
                {"at the end MiB", seen.at("end MiB")},
                {"later MiB", seen.at("later MiB")},
                {"after s", seen.at("after s")},
                {"later / before", seen.at("ratio")}});
}

}  // namespace

bool measure_phases(report& into, const lab_options& options) {
  bool is_complete = true;
  for (const auto trims : {true, false}) {
    announce(trims ? "phases of an agent task" : "the same without giving memory back");
    std::vector<std::string> arguments{"memory", "--part", trims ? "phases" : "phases-kept",
                                       "--seed", std::to_string(options.seed)};
    if (options.quick)
      arguments.emplace_back("--quick");
    const auto outcome = run_child_program(arguments);
    if (outcome.exit_code != 0 || !outcome.last.contains("phases")) {
      into.add_note("The agent task did not run to its end: exit code " +
                    std::to_string(outcome.exit_code) + ", signal " +
                    std::to_string(outcome.signal) + ".");
      return false;
    }
    if (trims) {
      is_complete = report_phases(into, outcome.last.at("phases"));
      into.add_aim("resident memory after reclaim, against before the task", aim_is::at_most,
                   near_baseline, outcome.last.at("ratio").get<double>(), "x");
    }
    report_reclaim(into, trims, outcome.last);
  }
  if (!is_complete)
    into.add_note("Not every phase of the agent task was sampled.");
  return is_complete;
}

int run_phases_child(const lab_options& options, bool trims) {
  const auto sizes = sizes_for(options);
  auto leftovers = std::make_shared<agent_task_leftovers>();
  const auto tools = std::make_shared<tool_registry>();
  if (auto added = tools->add(make_agent_task(sizes, leftovers)); !added) {
    std::cerr << to_string(added.error()) << '\n';
    return 1;
  }
  // As in the founding experiment, the peak is a fifth of what there is.
  auto node = memory_node::start({.budget_bytes = sizes.peak_bytes * 5, .trims = trims}, tools);
  if (!node) {
    std::cerr << to_string(node.error()) << '\n';
    return 1;
  }
  ::usleep(500'000);
  const auto baseline = resident_bytes(0);
  if (auto ran = run_task(**node, options.seed); !ran) {
    std::cerr << to_string(ran.error()) << '\n';
    return 1;
  }
  const auto at_end = resident_bytes(0);
  const auto later = watch_reclaim(baseline, std::chrono::seconds{options.quick ? 2 : 6});
  const auto status = (*node)->status();
  tell_parent({{"phases", rows_of(status.phases)},
               {"baseline MiB", mib(baseline)},
               {"peak MiB", mib(status.peak_bytes)},
               {"end MiB", mib(at_end)},
               {"later MiB", mib(later.resident_bytes)},
               {"after s", later.seconds},
               {"ratio", static_cast<double>(later.resident_bytes) / static_cast<double>(baseline)},
               {"trims", status.actions.trims}});
  (*node)->get().stop(std::chrono::seconds{5});
  return 0;
}

}  // namespace libagent::lab
