#pragma once

#include "libagent/base/random.hpp"
#include "libagent/config/journal_choice.hpp"
#include "libagent/tasks/task.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent::lab {

using sim_time = std::chrono::microseconds;

/// What goes wrong in a simulation.
enum class sim_fault : std::uint8_t {
  kill,              ///< The process dies between two events.
  kill_in_event,     ///< It dies in the middle of one: part of what it did then never left it.
  power_cut,         ///< As a kill, and the disk loses what it had not synced.
  shutdown,          ///< It is told to stop, and starts again.
  disk_full,         ///< Commits fail for a while.
  commit_lost,       ///< A commit is applied and answered with an error.
  sync_failure,      ///< A commit fails for good.
  executor_lost,     ///< A local executor dies.
  executor_refuses,  ///< An executor could not begin an attempt.
  node_lost,         ///< The connection to a node is cut; its work may go on.
  late_answer,       ///< An answer comes after its executor was lost, or from before a restart.
  answer_twice,      ///< An answer comes a second time.
  clock_jump,        ///< The wall clock is set.
  poison,            ///< A tool takes down what runs it.
};

inline constexpr std::size_t sim_faults = 14;

/// What a tool does when it runs.
enum class sim_tool : std::uint8_t {
  succeeds,
  fails,
  is_down_first,  ///< Fails with what may pass, some times.
  crashes_first,  ///< Crashes its child process, some times.
  poisons,        ///< Takes down what runs it.
  hangs,          ///< Until it is stopped.
};

/// One thing that a client wants done.
struct sim_job {
  bool is_keyed = false;  ///< With a key a client asks again until it knows.
  bool is_durable = true;
  effects what = effects::idempotent;
  lane in_lane = lane::interactive;
  std::uint32_t route = 0;
  sim_tool tool = sim_tool::succeeds;
  std::uint32_t bad_runs = 0;
  bool runs_apart = false;      ///< A suspect run can be put into a process of its own.
  bool tool_vanishes = false;   ///< It is not there any more after a restart.
  bool asks_otherwise = false;  ///< The client also sends another body under the same key.
  sim_time submit_at{0};
  sim_time run_time{0};
  std::chrono::milliseconds timeout{0};
  std::optional<sim_time> cancel_at;
};

/// A fault that comes at a time.
struct planned_fault {
  sim_fault kind = sim_fault::kill;
  sim_time at{0};
  sim_time lasts{0};
};

/// A fault that comes after that many events of the process, whatever the time.
struct planned_crash {
  sim_fault kind = sim_fault::kill;
  std::uint32_t after_events = 0;
};

struct simulation_plan {
  journal_sync sync = journal_sync::group;
  std::vector<sim_job> jobs;
  std::vector<planned_fault> faults;
  std::vector<planned_crash> crashes;  ///< In order.
  std::uint32_t nodes = 0;
  double commit_lost = 0;  ///< How often, while faults come.
  sim_time slowest_commit{0};
};

/// No fault begins later than this.
inline constexpr sim_time faults_end{std::chrono::seconds{4}};

/// Chances, drawn from a seed.
class sim_dice {
public:
  explicit sim_dice(std::uint64_t seed) : random_{seed} {}

  std::uint64_t draw() { return random_(); }

  /// Uniform in [0, `end`), and 0 for 0.
  std::uint64_t below(std::uint64_t end) { return end == 0 ? 0 : random_() % end; }

  bool chance(double probability) { return random_.unit() < probability; }

  /// Uniform in [0, `longest`).
  sim_time time(sim_time longest) {
    return sim_time{static_cast<sim_time::rep>(below(static_cast<std::uint64_t>(longest.count())))};
  }

private:
  seeded_random random_;
};

[[nodiscard]] simulation_plan plan_simulation(sim_dice& dice);

}  // namespace libagent::lab

namespace libagent {

template <>
struct enum_names<lab::sim_fault> {
  static constexpr std::array<std::pair<lab::sim_fault, std::string_view>, lab::sim_faults> values{
      {{lab::sim_fault::kill, "process killed"},
       {lab::sim_fault::kill_in_event, "process killed in the middle of an event"},
       {lab::sim_fault::power_cut, "power cut"},
       {lab::sim_fault::shutdown, "shutdown"},
       {lab::sim_fault::disk_full, "commit refused, disk full"},
       {lab::sim_fault::commit_lost, "commit applied, answered with an error"},
       {lab::sim_fault::sync_failure, "sync failed for good"},
       {lab::sim_fault::executor_lost, "executor lost"},
       {lab::sim_fault::executor_refuses, "executor could not begin"},
       {lab::sim_fault::node_lost, "node lost"},
       {lab::sim_fault::late_answer, "late answer"},
       {lab::sim_fault::answer_twice, "answer twice"},
       {lab::sim_fault::clock_jump, "wall clock set"},
       {lab::sim_fault::poison, "tool took down what ran it"}}};
};

}  // namespace libagent
