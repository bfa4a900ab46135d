#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/models/usage_ledger.hpp"

#include <cstdint>
#include <vector>

namespace libagent {

/// The table of what clients and agents have spent of their budgets.
///
/// Thread safety: that of the database, which it must not outlive. Errors: those of SQLite.
class spending_rows {
public:
  [[nodiscard]] static expected<spending_rows> over(sqlite_database& database);

  /// Replaces what was kept of the same one. Those of days before are forgotten now and then.
  [[nodiscard]] expected<void> put(const kept_spending& row);

  /// Without rows that are not what was written.
  [[nodiscard]] expected<std::vector<kept_spending>> of_day(std::int64_t day);

private:
  spending_rows() = default;

  sqlite_statement put_;
  sqlite_statement of_day_;
  sqlite_statement forget_;
  std::int64_t forgotten_before_ = 0;
};

/// The columns of the table.
inline constexpr const char* spending_column_names = "seq,kind,name,day,cost_micro,tokens,sum";
inline constexpr int spending_column_count = 7;

}  // namespace libagent
