#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tasks/name_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Who pays for a call, and how much each may spend. A budget of 0 is no limit.
struct usage_payers {
  std::string_view client;
  std::string_view agent;
  std::optional<std::uint64_t> turn_left_micro;  ///< What the turn may still spend.
  std::uint64_t agent_budget_micro = 0;          ///< In a day.
  std::uint64_t client_budget_micro = 0;         ///< In a day.
  std::uint64_t client_budget_tokens = 0;        ///< In a day.

  /// Whether anything of a call has to be written down.
  [[nodiscard]] bool have_limits() const {
    return turn_left_micro.has_value() || agent_budget_micro > 0 || client_budget_micro > 0 ||
           client_budget_tokens > 0;
  }
};

/// What a call takes: at most when it is reserved, in fact when it is settled.
struct usage_amount {
  std::uint64_t cost_micro = 0;
  std::uint64_t tokens = 0;
};

/// A reservation, until it is settled.
struct usage_hold {
  std::optional<std::string> client;  ///< Absent: nothing is held of its budgets.
  std::optional<std::string> agent;   ///< Absent: nothing is held of its budget.
  usage_amount amount;
};

/// What is known of one client or agent.
struct usage_account {
  std::int64_t day = 0;   ///< Days since 1970, UTC.
  usage_amount spent;     ///< On that day.
  usage_amount reserved;  ///< By calls that have not ended.
};

/// Keeps clients and agents within their budgets of a day: what a call can cost at most is set
/// aside before it begins, so that many at once cannot overspend together, and what it did cost is
/// written down when it ends. Days begin at midnight UTC; what was reserved the day before counts
/// on the day on which it is settled.
///
/// Only those with a budget are kept, at most `accounts_max` of each kind. Accounts of another day
/// that nothing is reserved on make room; past that, new names are refused, because forgetting
/// what was spent would lift the limit. Nothing survives a restart. Thread safety: none.
class usage_ledger {
public:
  explicit usage_ledger(std::size_t accounts_max = 10'000) : accounts_max_{accounts_max} {}

  /// Errors: `budget_exceeded`, naming whose budget and when it begins anew; `overloaded` when
  /// there are too many accounts.
  [[nodiscard]] expected<usage_hold> reserve(const usage_payers& payers, const usage_amount& most,
                                             unix_millis now);

  /// Ends a reservation and writes down what was used.
  void settle(const usage_hold& hold, const usage_amount& used, unix_millis now);

  /// Null: nothing is known.
  [[nodiscard]] const usage_account* client(std::string_view name) const;
  [[nodiscard]] const usage_account* agent(std::string_view name) const;

  /// Calls that a budget refused.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  [[nodiscard]] std::size_t size() const { return clients_.size() + agents_.size(); }

private:
  using accounts = name_table<usage_account>;

  /// One side that pays, before anything is changed.
  struct bill {
    const char* kind;
    std::string_view name;
    std::uint64_t budget_micro;
    std::uint64_t budget_tokens;
  };

  expected<usage_account*> open(accounts& kind, const bill& payer, std::int64_t today) const;
  expected<usage_account*> check(accounts& kind, const bill& payer, const usage_amount& most,
                                 std::int64_t today);
  error refuse(const std::string& whose, std::uint64_t needed, std::uint64_t left,
               const char* unit);
  static void settle(accounts& kind, const std::string& name, const usage_amount& held,
                     const usage_amount& used, std::int64_t today);

  accounts clients_;
  accounts agents_;
  std::size_t accounts_max_;
  std::uint64_t refused_ = 0;
};

}  // namespace libagent
