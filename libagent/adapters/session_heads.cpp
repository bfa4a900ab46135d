#include "libagent/adapters/session_heads.hpp"

#include "libagent/adapters/row_columns.hpp"
#include "libagent/record/json.hpp"

#include <array>
#include <limits>
#include <utility>

namespace libagent {

namespace {

/// Most sessions wait for nobody: an empty list is an empty text.
std::string text_of_approvals(const std::vector<std::string>& approvals) {
  return approvals.empty() ? std::string{} : to_json(approvals);
}

// Passes over all columns but the number and the sum, with a binder or a reader.
template <class Columns, class Head, class Text>
void pass_session(Columns& columns, Head& head, Text& approvals) {
  columns.text(head.name.client);
  columns.text(head.name.id);
  columns.text(head.agent);
  columns.number(head.created_at);
  columns.number(head.changed_at);
  columns.number(head.events);
  columns.number(head.bytes);
  columns.number(head.has_open_turn);
  columns.text(approvals);
}

expected<void> run_with_session(sqlite_statement& statement, const session_row& row) {
  const auto approvals = text_of_approvals(row.approvals);
  statement.bind(1, row.seq);
  column_binder columns{statement, 2, begin_row_hash("sessions", row.seq)};
  pass_session(columns, row.head, approvals);
  columns.sum();
  return statement.run();
}

expected<std::optional<session_row>> first_session(sqlite_statement& statement) {
  const auto there = statement.step();
  if (!there)
    return there.error();
  if (!*there)
    return std::optional<session_row>{};
  auto row = read_session_row(statement);
  statement.reset();
  return std::optional{std::move(row)};
}

}  // namespace

session_row read_session_row(const sqlite_statement& from) {
  session_row row{.seq = from.integer(0)};
  std::string approvals;
  column_reader columns{from, 1, begin_row_hash("sessions", row.seq)};
  pass_session(columns, row.head, approvals);
  row.is_sound = columns.sum_fits();
  if (!row.is_sound || approvals.empty())
    return row;
  auto listed = from_json<std::vector<std::string>>(approvals);
  row.is_sound = listed.has_value();
  if (listed)
    row.approvals = *std::move(listed);
  row.head.needs_approval = !row.approvals.empty();
  return row;
}

std::string text_of(const session_name& name) {
  return name.client.empty() ? name.id : name.id + " of " + name.client;
}

expected<session_heads> session_heads::over(sqlite_database& database) {
  session_heads made;
  const std::string select = std::string{"SELECT "} + session_column_names + " FROM sessions ";
  const std::array<std::pair<sqlite_statement*, std::string>, 7> statements{{
      {&made.by_name_, select + "WHERE client=?1 AND id=?2"},
      {&made.by_number_, select + "WHERE seq=?1"},
      {&made.list_, select +
                        "INDEXED BY sessions_by_change WHERE changed_at<?1 "
                        "AND (?2 IS NULL OR client=?2) AND (?3='' OR agent=?3) AND is_open>=?4 "
                        "ORDER BY changed_at DESC"},
      {&made.unchanged_,
       "SELECT seq FROM sessions INDEXED BY sessions_by_change "
       "WHERE changed_at<?1 AND is_open=0 ORDER BY changed_at LIMIT ?2"},
      {&made.insert_, std::string{"INSERT INTO sessions("} + session_column_names +
                          ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"},
      // Columns that are not set leave their indexes alone.
      {&made.update_,
       "UPDATE sessions SET agent=?4,changed_at=?6,events=?7,bytes=?8,is_open=?9,approvals=?10,"
       "sum=?11 WHERE seq=?1"},
      {&made.remove_, "DELETE FROM sessions WHERE seq=?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return made;
}

expected<std::optional<session_row>> session_heads::find(const session_name& name) {
  by_name_.bind(1, std::string_view{name.client});
  by_name_.bind(2, std::string_view{name.id});
  return first_session(by_name_);
}

expected<std::optional<session_row>> session_heads::find(std::int64_t seq) {
  by_number_.bind(1, seq);
  return first_session(by_number_);
}

expected<std::vector<session_head>> session_heads::list(const session_query& query) {
  list_.bind(1, query.changed_before.value_or(std::numeric_limits<unix_millis>::max()));
  if (query.client) {
    list_.bind(2, std::string_view{*query.client});
  } else {
    list_.bind_null(2);
  }
  list_.bind(3, std::string_view{query.agent});
  list_.bind(4, std::int64_t{query.open_only});
  std::vector<session_head> found;
  while (found.size() < query.limit) {
    const auto there = list_.step();
    if (!there)
      return there.error();
    if (!*there)
      break;
    auto row = read_session_row(list_);
    if (row.is_sound)
      found.push_back(std::move(row.head));
  }
  list_.reset();
  return found;
}

expected<std::vector<std::int64_t>> session_heads::unchanged_since(unix_millis when,
                                                                   std::size_t count) {
  unchanged_.bind(1, when);
  unchanged_.bind(2, static_cast<std::int64_t>(count));
  std::vector<std::int64_t> numbers;
  for (;;) {
    const auto there = unchanged_.step();
    if (!there)
      return there.error();
    if (!*there)
      return numbers;
    numbers.push_back(unchanged_.integer(0));
  }
}

expected<void> session_heads::insert(const session_row& row) {
  return run_with_session(insert_, row);
}

expected<void> session_heads::update(const session_row& row) {
  return run_with_session(update_, row);
}

expected<void> session_heads::remove(std::int64_t seq) {
  remove_.bind(1, seq);
  return remove_.run();
}

}  // namespace libagent
