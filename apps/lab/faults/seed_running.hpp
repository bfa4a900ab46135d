#pragma once

#include "apps/lab/faults/client_ledger.hpp"
#include "apps/lab/faults/fault_client.hpp"
#include "apps/lab/faults/fault_shim.hpp"
#include "apps/lab/faults/journal_faults.hpp"
#include "apps/lab/faults/model_under_fault.hpp"
#include "apps/lab/faults/node_under_test.hpp"
#include "apps/lab/faults/seed_checks.hpp"
#include "apps/lab/faults/seed_plan.hpp"
#include "apps/lab/faults/seed_run.hpp"
#include "apps/lab/tcp_proxy.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace libagent::lab {

/// Something to do at a time within a round.
struct timed_step {
  time_point at;
  std::function<void(node_under_test&)> act;
};

/// One seed.
class seed_running {
public:
  seed_running(const seed_plan& plan, const seed_run_options& options)
      : plan_{plan},
        options_{options},
        folder_{options.folder / ("seed-" + std::to_string(plan.seed))} {}

  seed_outcome run();

private:
  expected<void> prepare();
  expected<void> prepare_agent();
  void run_round(const seed_round& round, std::size_t number);
  void live(node_under_test& node, const seed_round& round);
  void end(node_under_test& node, const seed_round& round);
  void judge_ending(const node_under_test& node, const seed_round& round);
  void disturb_journal(const seed_round& round, std::size_t number);
  void run_quietly();
  void stop_quietly(node_under_test& node);

  std::optional<node_under_test> start(const seed_round& round);
  node_command command_for(const seed_round& round) const;
  std::vector<timed_step> steps_of(const seed_round& round);
  void add_steps(std::vector<timed_step>& steps, const timed_fault& fault, time_point begin);
  void add_model_steps(std::vector<timed_step>& steps, const timed_fault& fault, time_point begin);
  bool reports_damage();
  seed_outcome conclude();
  void leave_folder();

  void count(const std::string& fault) { ++outcome_.faults[fault]; }

  void trace(const std::string& what) const {
    if (options_.trace)
      std::cerr << "seed " << plan_.seed << ": " << what << '\n';
  }

  [[nodiscard]] std::filesystem::path journal() const {
    return folder_ / "data" / "tasks" / "journal.sqlite";
  }

  const seed_plan& plan_;
  const seed_run_options& options_;
  std::filesystem::path folder_;
  seed_outcome outcome_;
  std::atomic<bool> damaged_{false};
  std::atomic<bool> damage_reported_{false};
  std::unique_ptr<small_disk> disk_;
  std::unique_ptr<client_ledger> ledger_;
  std::optional<shifted_clock> clock_;
  std::chrono::minutes offset_{0};
  std::unique_ptr<tcp_proxy> proxy_;
  std::unique_ptr<model_under_fault> model_;  // Null: the node has no agents.
  std::unique_ptr<fault_client> client_;
  std::unique_ptr<seed_checks> checks_;
};

/// Makes the file, or removes it.
void set_flag(const std::filesystem::path& file, bool on);

}  // namespace libagent::lab
