#include "libagent/adapters/journal_loading.hpp"

#include "libagent/record/json.hpp"

#include <array>
#include <utility>

namespace libagent {

namespace {

/// Sums over all entries of a table and of an index that should have the same, whatever the order.
struct index_check {
  const char* index;
  const char* from_table;
  const char* from_index;
};

constexpr std::array<index_check, 3> index_checks{
    {{"tasks_by_id", "SELECT seq, id FROM tasks NOT INDEXED",
      "SELECT seq, id FROM tasks INDEXED BY tasks_by_id"},
     {"states_by_state", "SELECT seq, state FROM states NOT INDEXED WHERE state > 0",
      "SELECT seq, state FROM states INDEXED BY states_by_state WHERE state > 0"},
     {"states_by_end",
      "SELECT seq, state, ifnull(ended_at,0) FROM states NOT INDEXED WHERE state >= 2",
      "SELECT seq, state, ifnull(ended_at,0) FROM states INDEXED BY states_by_end "
      "WHERE state >= 2"}}};

expected<std::uint64_t> entry_sum(sqlite_database& database, const char* sql) {
  auto entries = database.prepare(sql);
  if (!entries)
    return std::move(entries.error());
  std::uint64_t sum = 0;
  for (;;) {
    const auto row = entries->step();
    if (!row)
      return row.error();
    if (!*row)
      return sum;
    auto hash = begin_row_hash("index", entries->integer(0));
    sum += hash.update(entries->blob(1)).update(entries->blob(2)).digest();
  }
}

}  // namespace

expected<void> journal_loading::run(journal_contents& found) {
  found_ = &found;
  for (const auto step : {&journal_loading::check_indexes, &journal_loading::find_waiting,
                          &journal_loading::read_tasks, &journal_loading::repair,
                          &journal_loading::drop_orphans, &journal_loading::read_schedules}) {
    if (auto done = (this->*step)(); !done)
      return done;
  }
  return {};
}

expected<void> journal_loading::check_indexes() {
  for (const auto& check : index_checks) {
    const auto is = entry_sum(database_, check.from_index);
    if (!is)
      return is.error();
    const auto should_be = entry_sum(database_, check.from_table);
    if (!should_be)
      return should_be.error();
    if (*is == *should_be)
      continue;
    found_->damage.push_back(std::string{"the index "} + check.index +
                             " was damaged and is made anew");
  }
  return {};
}

expected<void> journal_loading::find_waiting() {
  auto parents = database_.prepare(
      "SELECT t.id FROM groups g JOIN tasks t ON t.seq=g.seq JOIN states s ON s.seq=g.seq "
      "WHERE s.state < 2");
  if (!parents)
    return std::move(parents.error());
  for (;;) {
    const auto row = parents->step();
    if (!row)
      return row.error();
    if (!*row)
      return {};
    waiting_.insert(task_id_from_bytes(parents->blob(0)));
  }
}

expected<void> journal_loading::read_tasks() {
  auto reader = journal_reader::over(database_);
  if (!reader)
    return std::move(reader.error());
  return reader->for_each([&](journal_row& row) { return take(*reader, row); });
}

void journal_loading::note_key(const journal_task& task) {
  if (task.key.empty())
    return;
  // Of two tasks with one key, the later has it.
  const journal_key key{task.client, task.key, task.fingerprint, task.id, task.accepted_at};
  const auto name = std::to_string(task.client.size()) + ':' + task.client + task.key;
  const auto [at, is_new] = key_places_.emplace(name, found_->keys.size());
  if (is_new) {
    found_->keys.push_back(key);
  } else {
    found_->keys[at->second] = key;
  }
}

expected<void> journal_loading::take(journal_reader& reader, journal_row& row) {
  if (row.is_task_sound)
    note_key(row.kept.task);
  if (!row.is_sound())
    return take_damaged(row, lost_parts(row));
  const bool is_awaited = waiting_.contains(row.kept.task.parent);
  if (is_terminal(row.kept.now.state) && !is_awaited)
    return {};
  const bool has_ended = is_terminal(row.kept.now.state);
  const auto damaged = reader.complete(row);
  if (!damaged)
    return damaged.error();
  if (*damaged && !has_ended)
    return take_damaged(row, "the arguments");
  found_->tasks.push_back(std::move(row.kept));
  return {};
}

expected<bool> journal_loading::confirm_id(journal_row& row) {
  auto by_index =
      database_.prepare("SELECT id FROM tasks INDEXED BY tasks_by_id WHERE +seq=?1 LIMIT 1");
  if (!by_index)
    return std::move(by_index.error());
  by_index->bind(1, row.seq);
  const auto there = by_index->step();
  if (!there)
    return there.error();
  return *there && !row.kept.task.id.is_nil() &&
         task_id_from_bytes(by_index->blob(0)) == row.kept.task.id;
}

expected<void> journal_loading::take_damaged(journal_row& row, const std::string& lost) {
  damaged_task damaged{.seq = row.seq, .kept = row.kept, .is_only_id = !row.is_task_sound};
  make_damaged(damaged.kept, lost);
  damaged.kept.now.ended_at = now_;
  if (!row.is_task_sound) {
    const auto confirmed = confirm_id(row);
    if (!confirmed)
      return confirmed.error();
    damaged.is_lost = !*confirmed;
  }
  if (damaged.is_lost) {
    found_->damage.push_back("task number " + std::to_string(row.seq) +
                             " is lost: its row is damaged, and its id cannot be told");
  } else {
    const auto& id = damaged.kept.task.id;
    found_->damage.push_back("task " + to_string(id) + ": " + lost +
                             " cannot be read any more; it ended dead");
    found_->tasks.push_back(damaged.kept);
  }
  damaged_.push_back(std::move(damaged));
  return {};
}

expected<void> journal_loading::repair() {
  if (found_->damage.empty())
    return {};
  // SQLite does not change a row whose entries in the indexes are not those that it expects.
  if (auto done = database_.execute("REINDEX"); !done)
    return done;
  for (const auto& damaged : damaged_) {
    if (auto done = repair_one(damaged); !done)
      return done;
  }
  return {};
}

expected<void> journal_loading::repair_one(const damaged_task& damaged) {
  if (damaged.is_lost)
    return writer_.remove(damaged.seq);
  if (damaged.is_only_id) {
    if (auto done = writer_.replace_with_id(damaged.seq, damaged.kept.task.id); !done)
      return done;
  }
  if (auto done = writer_.remove_group(damaged.seq); !done)
    return done;
  return writer_.replace_state(damaged.seq, damaged.kept.now);
}

expected<void> journal_loading::drop_orphans() {
  const auto count = database_.query_integer(
      "SELECT count(*) FROM states WHERE seq NOT IN (SELECT seq FROM tasks)");
  if (!count)
    return count.error();
  if (*count == 0)
    return {};
  found_->damage.push_back(std::to_string(*count) +
                           " tasks are lost: of them there are only states, without ids");
  return database_.execute("DELETE FROM states WHERE seq NOT IN (SELECT seq FROM tasks)");
}

expected<void> journal_loading::read_schedules() {
  auto rows = database_.prepare("SELECT seq, data, arguments, sum FROM schedules ORDER BY seq");
  if (!rows)
    return std::move(rows.error());
  for (;;) {
    const auto row = rows->step();
    if (!row)
      return row.error();
    if (!*row)
      return {};
    const auto seq = rows->integer(0);
    const std::string data{rows->text(1)};
    const std::string arguments{rows->text(2)};
    auto read = rows->integer(3) == text_row_sum("schedules", seq, data, arguments)
                    ? from_json<schedule>(data)
                    : error{errc::corrupt, "it is not what was written"};
    if (read) {
      read->request.arguments = raw_json{arguments};
      found_->schedules.push_back(std::move(*read));
    } else {
      found_->damage.push_back("schedule number " + std::to_string(seq) +
                               " is lost: " + read.error().context);
    }
  }
}

}  // namespace libagent
