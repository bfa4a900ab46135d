#pragma once

#include "apps/lab/simulated_disk.hpp"
#include "apps/lab/simulation_ledger.hpp"
#include "apps/lab/simulation_plan.hpp"
#include "libagent/tasks/dispatch_core.hpp"
#include "libagent/tasks/past_runs.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace libagent::lab {

/// What a simulated process acts upon.
class process_surroundings {
public:
  process_surroundings() = default;
  process_surroundings(const process_surroundings&) = delete;
  process_surroundings& operator=(const process_surroundings&) = delete;

  virtual void hand_out(std::size_t job, const task_entry& task, const lease& held) = 0;
  virtual void stop(const lease& held) = 0;
  virtual void tell_accepted(std::size_t job, const task_id& id) = 0;
  virtual void tell_end(std::size_t job, const task_record& record) = 0;
  virtual void tell_unknown(std::size_t job, const task_id& id) = 0;
  /// `is_sure`: nothing was accepted; else nobody knows.
  virtual void tell_refused(std::size_t job, bool is_sure) = 0;

protected:
  ~process_surroundings() = default;
};

/// One process of a node, as its dispatcher's shell runs it: who asked for what, and nothing that
/// is told before it is safe. All that is lost with the process is in here.
class simulated_process final : public dispatch_listener {
public:
  struct makings {
    process_surroundings& surroundings;
    const simulation_plan& plan;
    sim_dice& dice;
    const simulated_disk& disk;
    simulation_ledger& ledger;
    std::uint64_t incarnation = 1;
  };

  explicit simulated_process(const makings& from);

  /// Takes up what the disk holds.
  void resume(const std::vector<past_crash>& crashes, const instant& now);

  void submit(std::size_t job, const instant& now);
  /// The same key with another body.
  void submit_otherwise(std::size_t job, const instant& now);
  void look_up(std::size_t job, const task_id& id);
  void cancel(const task_id& id, const instant& now);
  void wake(const instant& now);

  /// When `wake` has something to do.
  [[nodiscard]] std::optional<time_point> next_due(const instant& now) const;

  /// Whether counters and places of tasks agree.
  void check_counters();
  /// Nothing may be left when everything has come to rest.
  void check_rest();

  void on_start(const task_entry& task, const lease& held) override;
  void on_change(const task_record& record) override;
  void on_stop(const lease& held, const task_record& record) override;
  void on_accepted(const task_record& record) override;
  void on_unsure(const task_record& record, const error& why) override;

private:
  struct interest {
    task_id id;
    std::size_t job = 0;
    bool awaits_acceptance = false;
  };

  [[nodiscard]] task_order order_for(std::size_t job) const;
  [[nodiscard]] std::optional<std::size_t> find_interest(const task_id& id) const;
  void answer_known(std::size_t job, const task_id& id, bool wants_acceptance);
  void answer_from_disk(std::size_t job, const task_id& id);

  makings from_;
  std::vector<interest> interests_;

public:
  journal_outbox outbox;
  dispatch_core core;
};

}  // namespace libagent::lab
