#include "libagent/adapters/spending_rows.hpp"

#include "libagent/adapters/row_columns.hpp"

#include <array>
#include <utility>

namespace libagent {

namespace {

/// Rows are found by name and replaced, so that their number says nothing.
row_hash begin_spending_hash() {
  return begin_row_hash("spending", 0);
}

/// Passes over all columns but the number and the sum, with a binder or a reader.
template <class Columns, class Row>
void pass_spending(Columns& columns, Row& row) {
  columns.number(row.kind);
  columns.text(row.name);
  columns.number(row.day);
  columns.number(row.spent.cost_micro);
  columns.number(row.spent.tokens);
}

}  // namespace

expected<spending_rows> spending_rows::over(sqlite_database& database) {
  spending_rows made;
  const std::array<std::pair<sqlite_statement*, const char*>, 3> statements{{
      {&made.put_,
       "INSERT INTO spending(kind,name,day,cost_micro,tokens,sum) VALUES(?1,?2,?3,?4,?5,?6) "
       "ON CONFLICT(kind,name) DO UPDATE SET day=?3,cost_micro=?4,tokens=?5,sum=?6"},
      {&made.of_day_, "SELECT kind,name,day,cost_micro,tokens,sum FROM spending WHERE day=?1"},
      {&made.forget_, "DELETE FROM spending WHERE day<?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return made;
}

expected<void> spending_rows::put(const kept_spending& row) {
  if (row.day > forgotten_before_) {
    forget_.bind(1, row.day);
    if (auto done = forget_.run(); !done)
      return done;
    forgotten_before_ = row.day;
  }
  column_binder columns{put_, 1, begin_spending_hash()};
  pass_spending(columns, row);
  columns.sum();
  return put_.run();
}

expected<std::vector<kept_spending>> spending_rows::of_day(std::int64_t day) {
  of_day_.bind(1, day);
  std::vector<kept_spending> found;
  for (;;) {
    const auto there = of_day_.step();
    if (!there)
      return there.error();
    if (!*there)
      return found;
    kept_spending row;
    column_reader columns{of_day_, 0, begin_spending_hash()};
    pass_spending(columns, row);
    if (columns.sum_fits())
      found.push_back(std::move(row));
  }
}

}  // namespace libagent
