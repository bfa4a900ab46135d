#pragma once

#include "apps/lab/simulated_disk.hpp"
#include "apps/lab/simulated_process.hpp"
#include "apps/lab/simulation.hpp"
#include "apps/lab/simulation_ledger.hpp"
#include "apps/lab/simulation_plan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent::lab {

/// What happens in a simulated world.
enum class sim_event : std::uint8_t {
  submit,
  submit_otherwise,
  poll,
  cancel,
  hears_accepted,
  hears_end,
  hears_unknown,
  hears_refused,
  hears_unsure,
  run_arrives,
  run_acts,
  run_stops,
  answer_arrives,
  executor_available,
  executor_back,
  fault,
  commit_done,
  disk_syncs,
  wake,
  process_starts,
  process_must_end,
};

/// Everything around the process, and the process: clients, executors here and on other nodes, the
/// disk, the clocks, and what goes wrong. One thread, one queue of events.
class simulation_world final : public process_surroundings {
public:
  simulation_world(std::uint64_t seed, const simulation_options& options);

  [[nodiscard]] simulation_result run();

  void hand_out(std::size_t job, const task_entry& task, const lease& held) override;
  void stop(const lease& held) override;
  void tell_accepted(std::size_t job, const task_id& id) override;
  void tell_end(std::size_t job, const task_record& record) override;
  void tell_unknown(std::size_t job, const task_id& id) override;
  void tell_refused(std::size_t job, bool is_sure) override;

private:
  /// `subject` is a job, a run, an executor or a fault, whatever the kind is about.
  struct event {
    sim_time at{0};
    std::uint64_t number = 0;
    sim_event kind = sim_event::wake;
    std::uint32_t subject = 0;
    std::uint64_t detail = 0;  // The incarnation, or an index of `told_`.
  };

  struct executor {
    bool is_node = false;
    std::uint32_t credit = 1;
    std::vector<route_id> routes;
    executor_id id = 0;       // In the present process.
    bool is_there = true;     // It can be reached.
    std::uint64_t begun = 0;  // The last sequence number that it began.
  };

  struct run_state {
    std::size_t job = 0;
    task_id id;
    std::uint32_t attempt = 0;
    std::uint64_t sequence = 0;
    std::uint32_t on = 0;
    executor_id executor = 0;
    std::uint64_t incarnation = 0;
    std::stop_token stop;
    bool is_apart = false;
    bool ignores_stop = false;
    bool is_told_to_stop = false;
    bool has_begun = false;
    bool has_acted = false;
    bool is_gone = false;
    bool is_late = false;
    std::optional<expected<std::string>> answer;
  };

  enum class client_state : std::uint8_t { planned, waiting, knows_id, done, gave_up };

  struct client {
    client_state state = client_state::planned;
    sim_time pause{0};
    std::uint32_t polls = 0;
    std::uint64_t submits = 0;
  };

  struct told_fact {
    task_id id;
    task_state state = task_state::queued;
    std::uint32_t attempt = 0;
    std::string text;
  };

  // The loop: simulation.cpp.
  void plan_events();
  void push(sim_time after, sim_event kind, std::size_t subject, std::uint64_t detail = 0);
  [[nodiscard]] event take();
  [[nodiscard]] instant now() const;

  [[nodiscard]] bool faults_come() const { return time_ < faults_end; }

  void count(sim_fault kind) { ++result_.faults.at(static_cast<std::size_t>(kind)); }

  void note(const event& what);
  void trace(const std::string& line);
  void dispatch(const event& what);
  void client_event(const event& what);
  void run_event(const event& what);
  void handle(const event& what);
  [[nodiscard]] static bool is_for_process(sim_event kind);
  [[nodiscard]] std::optional<sim_fault> crash_due();
  void settle();
  void finish();

  // The process and its disk: simulation_process.cpp.
  void start_process();
  void end_process();
  void kill(sim_fault how);
  void forget_part_of_event(std::uint64_t first_number);
  void begin_commit();
  void commit_done();
  void apply_commit();
  void fault(const planned_fault& what);
  void lose(std::uint32_t index, sim_time for_how_long);
  void attach(executor& who);

  // Clients: simulation_clients.cpp.
  void submit_after(sim_time pause, std::uint32_t job);
  void submit(std::uint32_t job);
  void poll(std::uint32_t job);
  void cancel(std::uint32_t job);
  void hear_end(std::uint32_t job, const told_fact& what);
  void hear_refused(std::uint32_t job, bool is_sure);
  void clients_lose_process();
  [[nodiscard]] std::uint64_t keep(told_fact what);

  // Executors: simulation_executors.cpp.
  [[nodiscard]] sim_time way_to(const executor& who);
  void arrive(std::uint32_t index);
  void act(std::uint32_t index);
  void act_badly(std::uint32_t index);
  void succeed(run_state& run);
  void answer(std::uint32_t index, expected<std::string> outcome);
  void answer_arrives(std::uint32_t index);
  [[nodiscard]] bool is_of_present(const run_state& run) const;

  sim_dice dice_;
  const simulation_plan plan_;
  const bool with_trace_;
  simulation_result result_;
  simulated_disk disk_;
  simulation_ledger ledger_;
  std::vector<event> events_;  // A heap, the first on top.
  std::uint64_t next_number_ = 0;
  sim_time time_{0};
  unix_millis wall_offset_ = 0;

  std::optional<simulated_process> process_;
  std::uint64_t incarnation_ = 0;
  std::uint32_t process_events_ = 0;
  std::size_t next_crash_ = 0;
  std::vector<past_crash> crashes_;
  std::optional<journal_batch> commit_;  // Under way.
  std::optional<sim_time> wake_at_;
  sim_time disk_full_until_{0};
  bool sync_fails_ = false;
  bool is_ending_ = false;

  std::vector<client> clients_;
  std::vector<told_fact> told_;
  std::vector<executor> executors_;
  std::vector<run_state> runs_;
  std::vector<std::uint32_t> runs_of_job_;
};

}  // namespace libagent::lab
