#pragma once

#include "apps/lab/faults/client_ledger.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace libagent::lab {

/// What is asked after each restart and at the end. What is wrong goes into the ledger.
class seed_checks {
public:
  /// `effects`: the folder of the lines. `reports_damage`: whether the node said that its journal
  /// was damaged; what was accepted may be missing or dead then, but never be something else.
  /// The ledger must outlive this.
  seed_checks(client_ledger& ledger, std::filesystem::path effects,
              std::function<bool()> reports_damage)
      : ledger_{ledger}, effects_{std::move(effects)}, reports_damage_{std::move(reports_damage)} {}

  /// Asks for every task that was acknowledged. `is_alive`: when the node is down meanwhile, the
  /// rest stays unasked.
  void check_all_known(std::uint16_t port, const std::function<bool()>& is_alive);

  /// Waits until every acknowledged task has ended; those that do not are problems.
  void wait_for_all_ends(std::uint16_t port, const std::function<bool()>& is_alive,
                         std::chrono::milliseconds patience);

  /// What the lines say.
  void check_effects(std::uint16_t port);

private:
  /// How often a task ran.
  struct task_runs {
    std::string id;
    std::uint32_t count = 0;
  };

  [[nodiscard]] std::vector<client_op> open_ops() const;
  void look_at(const std::vector<client_op>& ops, std::uint16_t port);
  void note_unsent(const std::string& label, const std::string& tool);
  void check_recorded(const std::string& label, const std::string& tool, const task_runs& runs,
                      std::uint16_t port);
  void check_known(const client_op& op, const http_answer& answer);
  void check_once();
  void check_errands();
  void check_runs(std::uint16_t port, const std::string& tool);

  client_ledger& ledger_;
  std::filesystem::path effects_;
  std::function<bool()> reports_damage_;
};

}  // namespace libagent::lab
