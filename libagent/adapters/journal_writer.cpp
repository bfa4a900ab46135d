#include "libagent/adapters/journal_writer.hpp"

#include "libagent/record/json.hpp"

#include <array>
#include <sqlite3.h>
#include <string>
#include <utility>
#include <variant>

namespace libagent {

namespace {

std::string parameters_from_1(int count) {
  std::string list;
  for (int i = 1; i <= count; ++i)
    list += (i == 1 ? "?" : ",?") + std::to_string(i);
  return list;
}

std::string put_task_sql(const char* verb) {
  return std::string{verb} + " INTO tasks(seq," + task_column_names + ") VALUES(" +
         parameters_from_1(1 + task_column_count) + ")";
}

std::string put_state_sql(const char* verb) {
  return std::string{verb} + " INTO states(seq," + state_column_names + ") VALUES(" +
         parameters_from_1(1 + state_column_count) + ")";
}

// Rows without a task count too: a number that they have must not be given to another task.
constexpr const char* highest_number_sql = R"sql(
  SELECT max(
    ifnull((SELECT max(seq) FROM tasks), 0), ifnull((SELECT max(seq) FROM states), 0),
    ifnull((SELECT max(seq) FROM groups), 0), ifnull((SELECT max(at) FROM bodies), 0) >> 8,
    ifnull((SELECT max(at) FROM results), 0) >> 8)
)sql";

constexpr const char* locate_sql =
    "SELECT t.seq, ifnull(s.state, 0), s.result_bytes, s.result_sum "
    "FROM tasks t LEFT JOIN states s ON s.seq=t.seq WHERE t.";

}  // namespace

std::int64_t text_row_sum(std::string_view table, std::int64_t seq, std::string_view data,
                          std::string_view more) {
  return row_sum(
      begin_row_hash(table, seq).update(std::uint64_t{data.size()}).update(data).update(more));
}

expected<journal_writer> journal_writer::over(sqlite_database& database) {
  auto bodies = journal_bytes::over(database, "bodies");
  if (!bodies)
    return std::move(bodies.error());
  auto results = journal_bytes::over(database, "results");
  if (!results)
    return std::move(results.error());
  journal_writer made{database, std::move(*bodies), std::move(*results)};
  if (auto done = made.prepare_all(); !done)
    return done.error();
  const auto highest = database.query_integer(highest_number_sql);
  if (!highest)
    return highest.error();
  made.next_seq_ = *highest + 1;
  return made;
}

expected<void> journal_writer::prepare_all() {
  const std::array<std::pair<sqlite_statement*, std::string>, 12> statements{{
      {&insert_task_, put_task_sql("INSERT")},
      {&replace_task_, put_task_sql("INSERT OR REPLACE")},
      {&insert_state_, put_state_sql("INSERT")},
      {&replace_state_, put_state_sql("INSERT OR REPLACE")},
      {&locate_, std::string{locate_sql} + "id=?1"},
      {&locate_by_number_, std::string{locate_sql} + "seq=?1"},
      {&replace_group_, "INSERT OR REPLACE INTO groups(seq,data,sum) VALUES(?1,?2,?3)"},
      {&replace_schedule_,
       "INSERT OR REPLACE INTO schedules(seq,id,data,arguments,sum) VALUES(?1,?2,?3,?4,?5)"},
      {&remove_schedule_, "DELETE FROM schedules WHERE id=?1"},
      {&remove_task_, "DELETE FROM tasks WHERE seq=?1"},
      {&remove_state_, "DELETE FROM states WHERE seq=?1"},
      {&remove_group_, "DELETE FROM groups WHERE seq=?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database_->prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

expected<void> journal_writer::apply(const journal_write& write) {
  return std::visit([this](const auto& what) { return this->write(what); }, write);
}

std::int64_t journal_writer::take_added() {
  return std::exchange(added_, 0);
}

expected<void> journal_writer::run_for(sqlite_statement& statement, std::int64_t seq) {
  statement.bind(1, seq);
  return statement.run();
}

expected<void> journal_writer::write(const write_accepted& what) {
  const auto seq = next_seq_++;
  const task_row row{.task = what.task, .body = bodies_.mark(seq, *what.task.arguments)};
  if (auto done = run_with(insert_task_, seq, row); !done) {
    if ((sqlite3_errcode(database_->handle()) & 0xFF) == SQLITE_CONSTRAINT)
      return {};  // It was applied before, and the answer was lost.
    return done;
  }
  ++added_;
  if (auto done = bodies_.put(seq, *what.task.arguments); !done)
    return done;
  return run_with(insert_state_, seq, state_row{});
}

expected<bool> journal_writer::locate(const task_id& id, place& found) {
  locate_.bind_blob(1, bytes_of(id));
  auto row = locate_.step();
  if (!row || !*row)
    return row;
  found.seq = locate_.integer(0);
  found.has_ended = is_terminal(static_cast<task_state>(locate_.integer(1)));
  found.has_result = !locate_.is_null(2);
  found.result = {static_cast<std::uint64_t>(locate_.integer(2)),
                  static_cast<std::uint64_t>(locate_.integer(3))};
  locate_.reset();
  return true;
}

expected<void> journal_writer::put_state(const place& at, const journal_state& now) {
  state_row row{.now = now, .result = std::nullopt};
  if (now.result)
    row.result = results_.mark(at.seq, now.result->text);
  const bool is_same = at.has_result && row.result == at.result;
  if (at.has_result && !is_same) {
    if (auto done = results_.remove(at.seq); !done)
      return done;
  }
  if (row.result && !is_same) {
    if (auto done = results_.put(at.seq, now.result->text); !done)
      return done;
  }
  return run_with(replace_state_, at.seq, row);
}

expected<void> journal_writer::write(const write_state& what) {
  place at;
  const auto found = locate(what.id, at);
  if (!found)
    return found.error();
  return *found ? put_state(at, what.now) : expected<void>{};
}

expected<void> journal_writer::write(const write_group& what) {
  place at;
  const auto found = locate(what.parent, at);
  if (!found)
    return found.error();
  if (!*found)
    return {};
  if (what.group.empty())
    return run_for(remove_group_, at.seq);
  replace_group_.bind(1, at.seq);
  replace_group_.bind(2, std::string_view{what.group});
  replace_group_.bind(3, text_row_sum("groups", at.seq, what.group));
  return replace_group_.run();
}

expected<void> journal_writer::write(const write_schedule& what) {
  // Numbered by the time of making: the order in which they are listed.
  const auto id = what.what.id;
  if (auto done = write(write_schedule_removed{id}); !done)
    return done;
  const auto highest = database_->query_integer("SELECT ifnull(max(seq),0) FROM schedules");
  if (!highest)
    return highest.error();
  // As JSON the arguments would come back as the same value, but not as the same text.
  auto without_arguments = what.what;
  const auto arguments = std::exchange(without_arguments.request.arguments, {}).text;
  const auto data = to_json(without_arguments);
  replace_schedule_.bind(1, *highest + 1);
  replace_schedule_.bind_blob(2, bytes_of(id));
  replace_schedule_.bind(3, std::string_view{data});
  replace_schedule_.bind(4, std::string_view{arguments});
  replace_schedule_.bind(5, text_row_sum("schedules", *highest + 1, data, arguments));
  return replace_schedule_.run();
}

expected<void> journal_writer::write(const write_schedule_removed& what) {
  remove_schedule_.bind_blob(1, bytes_of(what.id));
  return remove_schedule_.run();
}

expected<void> journal_writer::write(const write_purged& what) {
  place at;
  const auto found = locate(what.id, at);
  if (!found)
    return found.error();
  return *found && at.has_ended ? remove(at.seq) : expected<void>{};
}

expected<void> journal_writer::remove(std::int64_t seq) {
  for (auto* statement : {&remove_task_, &remove_state_, &remove_group_}) {
    if (auto done = run_for(*statement, seq); !done)
      return done;
    if (statement == &remove_task_)
      added_ -= sqlite3_changes(database_->handle());
  }
  if (auto done = bodies_.remove(seq); !done)
    return done;
  return results_.remove(seq);
}

expected<void> journal_writer::remove_group(std::int64_t seq) {
  return run_for(remove_group_, seq);
}

expected<void> journal_writer::replace_state(std::int64_t seq, const journal_state& now) {
  if (auto done = results_.remove(seq); !done)
    return done;
  return put_state({.seq = seq}, now);
}

expected<void> journal_writer::replace_with_id(std::int64_t seq, const task_id& id) {
  if (auto done = bodies_.remove(seq); !done)
    return done;
  task_row row;
  row.task.id = id;
  row.body = bodies_.mark(seq, "");
  return run_with(replace_task_, seq, row);
}

}  // namespace libagent
