#pragma once

#include "apps/lab/simulated_disk.hpp"
#include "apps/lab/simulation_plan.hpp"
#include "libagent/tasks/task.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

/// What clients were told and what tools did, in the plainest way, and whether it may be so.
///
/// It knows nothing of how tasks are dispatched. A client tells its job by a number, which is also
/// the whole of the task's arguments. The first thing that must not be is kept.
class simulation_ledger {
public:
  explicit simulation_ledger(const std::vector<sim_job>& jobs);

  // What tools did.

  /// An executor began an attempt.
  void begun(std::size_t job, const task_id& id, std::uint32_t attempt);
  /// The tool did what it is there for.
  void effect(std::size_t job);

  // What a client was told.

  void acknowledged(std::size_t job, const task_id& id);
  /// How the task ended. `text`: its result, or why not.
  void ended(std::size_t job, const task_id& id, task_state state, const std::string& text);
  /// That no such task exists.
  void denied(std::size_t job, const task_id& id);

  // What the disk holds.

  /// A loss of power took something of this task, as the policy of the operator allows: nothing is
  /// promised about it any more.
  void release(std::size_t job);
  /// An attempt is handed out: it must be counted.
  void check_counted(const simulated_disk& disk, const task_id& id, std::uint32_t attempt);
  /// A client is about to be told: it must be true after a crash.
  void check_told(const simulated_disk& disk, const task_record& record);
  /// A process begins: all that was promised must be there.
  void check_start(const simulated_disk& disk);
  /// Nothing goes wrong any more, and everything has come to rest.
  void check_rest(const simulated_disk& disk);

  void fail(std::string what);

  [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }

  [[nodiscard]] bool knows_end(std::size_t job) const { return facts_.at(job).end.has_value(); }

  [[nodiscard]] const std::optional<task_id>& id_of(std::size_t job) const {
    return facts_.at(job).id;
  }

  /// Tasks that were acknowledged.
  [[nodiscard]] std::size_t acknowledgements() const;

  [[nodiscard]] std::uint64_t effects_seen() const { return effects_seen_; }

private:
  struct told_end {
    task_id id;
    task_state state = task_state::dead;
    std::string text;
  };

  struct job_facts {
    bool is_durable = false;
    bool is_once = false;
    bool is_released = false;
    std::uint32_t effects = 0;
    std::optional<task_id> id;  // That was acknowledged.
    std::optional<told_end> end;
    std::vector<std::pair<task_id, std::uint32_t>> begun;
  };

  void check_kept(std::size_t job, const simulated_disk& disk);

  std::vector<job_facts> facts_;
  std::optional<std::string> violation_;
  std::uint64_t effects_seen_ = 0;
};

/// The job of a task, by its arguments.
[[nodiscard]] std::size_t job_of(const std::string& arguments);

/// The first characters that tell tasks of one simulation apart.
[[nodiscard]] std::string short_name(const task_id& id);

/// The result of a record, or why it has none.
[[nodiscard]] std::string outcome_text(const std::optional<raw_json>& result,
                                       const std::optional<error>& failure);

}  // namespace libagent::lab
