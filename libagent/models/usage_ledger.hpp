#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tasks/name_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// Who pays for a call, and how much each may spend. A budget of 0 is no limit.
struct usage_payers {
  std::string_view client;
  std::string_view agent;
  std::optional<std::uint64_t> turn_left_micro;  ///< What the turn may still spend.
  std::uint64_t agent_budget_micro = 0;          ///< In a day.
  std::uint64_t client_budget_micro = 0;         ///< In a day.
  std::uint64_t client_budget_tokens = 0;        ///< In a day.

  /// Whether somebody pays who has a budget of a day.
  [[nodiscard]] bool have_budgets() const {
    return agent_budget_micro > 0 || client_budget_micro > 0 || client_budget_tokens > 0;
  }

  /// Whether anything of a call has to be written down.
  [[nodiscard]] bool have_limits() const { return turn_left_micro.has_value() || have_budgets(); }
};

/// What a call takes: at most when it is reserved, in fact when it is settled.
struct usage_amount {
  std::uint64_t cost_micro = 0;
  std::uint64_t tokens = 0;

  friend bool operator==(const usage_amount&, const usage_amount&) = default;
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
  bool is_changed = false;
};

/// Whose spending it is. The numbers are stored.
enum class payer_kind : std::uint8_t { client = 1, agent = 2 };

/// What somebody has spent on a day, as it outlives the process.
struct kept_spending {
  payer_kind kind = payer_kind::client;
  std::string name;
  std::int64_t day = 0;  ///< Days since 1970, UTC.
  usage_amount spent;    ///< What was reserved then counts in full.

  friend bool operator==(const kept_spending&, const kept_spending&) = default;
};

/// The day of a moment, as budgets count them.
[[nodiscard]] std::int64_t budget_day(unix_millis when);

/// Keeps clients and agents within their budgets of a day: what a call can cost at most is set
/// aside before it begins, so that many at once cannot overspend together, and what it did cost is
/// written down when it ends. Days begin at midnight UTC; what was reserved the day before counts
/// on the day on which it is settled.
///
/// Only those with a budget are kept, at most `accounts_max` of each kind. Accounts of another day
/// that nothing is reserved on make room; past that, new names are refused, because forgetting
/// what was spent would lift the limit.
///
/// To outlive a restart, what `take_changed` says is stored, and given to `restore` of the next
/// ledger. What is reserved is stored as if it was spent: of a call whose end nobody saw it is not
/// known what it took, and a budget must not be exceeded. Thread safety: none.
class usage_ledger {
public:
  explicit usage_ledger(std::size_t accounts_max = 10'000) : accounts_max_{accounts_max} {}

  /// Errors: `budget_exceeded`, naming whose budget and when it begins anew; `overloaded` when
  /// there are too many accounts.
  [[nodiscard]] expected<usage_hold> reserve(const usage_payers& payers, const usage_amount& most,
                                             unix_millis now);

  /// Ends a reservation and writes down what was used.
  void settle(const usage_hold& hold, const usage_amount& used, unix_millis now);

  /// Takes back what an earlier ledger has spent on the day of `now`; other days are over.
  /// @pre Nothing was reserved yet.
  void restore(std::span<const kept_spending> kept, unix_millis now);

  /// The accounts that changed since the last call, as they are now.
  [[nodiscard]] std::vector<kept_spending> take_changed();

  /// Whether `take_changed` has anything to say.
  [[nodiscard]] bool has_changed() const { return !changed_.empty(); }

  /// What was taken could not be stored: it counts as changed again.
  void mark_changed(std::span<const kept_spending> taken);

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
    payer_kind kind;
    std::string_view name;
    std::uint64_t budget_micro;
    std::uint64_t budget_tokens;
  };

  expected<usage_account*> open(const bill& payer, std::int64_t today);
  expected<usage_account*> check(const bill& payer, const usage_amount& most, std::int64_t today);
  error refuse(const std::string& whose, std::uint64_t needed, std::uint64_t left,
               const char* unit);
  void settle(payer_kind kind, const std::string& name, const usage_amount& held,
              const usage_amount& used, std::int64_t today);
  void note_change(payer_kind kind, std::string_view name, usage_account& account);

  [[nodiscard]] accounts& accounts_of(payer_kind kind) {
    return kind == payer_kind::client ? clients_ : agents_;
  }

  accounts clients_;
  accounts agents_;
  std::vector<std::pair<payer_kind, std::string>> changed_;  // each with its account's mark
  std::size_t accounts_max_;
  std::uint64_t refused_ = 0;
};

}  // namespace libagent
