#include "libagent/adapters/journal_reader.hpp"

#include "libagent/adapters/journal_writer.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace libagent {

namespace {

// Columns of `select_tasks_sql`.
constexpr int task_begin = 1;
constexpr int state_number = task_begin + task_column_count;
constexpr int state_begin = state_number + 1;
constexpr int group_data = state_begin + state_column_count;

std::string columns_of(char table, std::string_view names) {
  std::string list;
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(','));
    list += std::string{", "} + table + '.' + std::string{name};
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  return list;
}

std::string select_tasks_sql(const std::string& rest) {
  return "SELECT t.seq" + columns_of('t', task_column_names) + ", s.seq" +
         columns_of('s', state_column_names) +
         ", g.data, g.sum FROM tasks t LEFT JOIN states s ON s.seq=t.seq "
         "LEFT JOIN groups g ON g.seq=t.seq " +
         rest;
}

void read_group(const sqlite_statement& from, journal_row& row) {
  if (from.is_null(group_data))
    return;
  row.kept.group = from.text(group_data);
  row.is_group_sound =
      from.integer(group_data + 1) == text_row_sum("groups", row.seq, row.kept.group);
  if (!row.is_group_sound)
    row.kept.group.clear();
}

journal_row row_on(const sqlite_statement& from) {
  journal_row row;
  row.seq = from.integer(0);
  task_row task;
  row.is_task_sound = read_row(from, task_begin, row.seq, task);
  if (row.is_task_sound) {
    row.kept.task = std::move(task.task);
    row.body = task.body;
  } else {
    row.kept.task.id = task.task.id;  // to be doubted
  }
  row.kept.task.arguments = std::make_shared<const std::string>();
  state_row state;
  row.is_state_sound = !from.is_null(state_number) && read_row(from, state_begin, row.seq, state);
  if (row.is_state_sound) {
    row.kept.now = std::move(state.now);
    row.result = state.result;
  }
  read_group(from, row);
  return row;
}

std::string where_of(const journal_query& query, const std::optional<task_state>& state) {
  std::string where = "WHERE 1";
  if (state)
    where += " AND s.state=" + std::to_string(static_cast<int>(*state));
  // Said for SQLite to see that the index, which has no queued tasks, has all that are asked for.
  if (state && *state != task_state::queued)
    where += " AND s.state > 0";
  if (query.ended_before)
    where += " AND s.ended_at<" + std::to_string(*query.ended_before);
  if (!query.target.empty())
    where += " AND t.target=?1";
  constexpr std::size_t rows_max = 1U << 30U;
  return where + (state ? " ORDER BY s.seq DESC LIMIT " : " ORDER BY t.seq DESC LIMIT ") +
         std::to_string(std::min(query.limit, rows_max));
}

}  // namespace

void make_damaged(stored_task& kept, const std::string& lost) {
  kept.now.state = task_state::dead;
  kept.now.owner = 0;
  kept.now.result.reset();
  kept.now.failure = error{errc::corrupt, "the journal lost " + lost + " of this task"};
  kept.task.arguments = std::make_shared<const std::string>();
  kept.group.clear();
  kept.is_damaged = true;
}

std::string lost_parts(const journal_row& row) {
  std::string lost;
  const auto add = [&lost](bool is_sound, const char* part) {
    if (!is_sound)
      lost += (lost.empty() ? "" : " and ") + std::string{part};
  };
  add(row.is_task_sound, "what was asked for");
  add(row.is_state_sound, "the state");
  add(row.is_group_sound, "the children");
  return lost;
}

expected<journal_reader> journal_reader::over(sqlite_database& database) {
  auto bodies = journal_bytes::over(database, "bodies");
  if (!bodies)
    return std::move(bodies.error());
  auto results = journal_bytes::over(database, "results");
  if (!results)
    return std::move(results.error());
  journal_reader made{database, std::move(*bodies), std::move(*results)};
  auto find = database.prepare(select_tasks_sql("WHERE t.id=?1"));
  if (!find)
    return std::move(find.error());
  made.find_ = std::move(*find);
  return made;
}

expected<bool> journal_reader::complete(journal_row& row, bool with_result) {
  if (!row.is_sound()) {
    make_damaged(row.kept, lost_parts(row));
    return true;
  }
  auto body = bodies_.get(row.seq, row.body);
  if (!body)
    return std::move(body.error());
  if (!*body) {
    make_damaged(row.kept, "the arguments");
    return true;
  }
  row.kept.task.arguments = std::make_shared<const std::string>(std::move(**body));
  if (!row.result || !with_result)
    return false;
  auto result = results_.get(row.seq, *row.result);
  if (!result)
    return std::move(result.error());
  if (*result) {
    row.kept.now.result = raw_json{std::move(**result)};
    return false;
  }
  // How it ended is known; only the result is gone.
  row.kept.now.failure = error{errc::corrupt, "the journal lost the result of this task"};
  row.kept.is_damaged = true;
  return true;
}

expected<std::optional<stored_task>> journal_reader::find(const task_id& id) {
  find_.bind_blob(1, bytes_of(id));
  auto found = find_.step();
  if (!found)
    return std::move(found.error());
  if (!*found)
    return std::optional<stored_task>{};
  auto row = row_on(find_);
  find_.reset();
  row.kept.task.id = id;
  if (auto done = complete(row); !done)
    return std::move(done.error());
  return std::optional{std::move(row.kept)};
}

expected<void> journal_reader::add_rows(const std::optional<task_state>& state,
                                        const journal_query& query, std::vector<journal_row>& to) {
  auto statement = database_->prepare(select_tasks_sql(where_of(query, state)));
  if (!statement)
    return std::move(statement.error());
  if (!query.target.empty())
    statement->bind(1, std::string_view{query.target});
  for (;;) {
    auto found = statement->step();
    if (!found)
      return std::move(found.error());
    if (!*found)
      return {};
    to.push_back(row_on(*statement));
  }
}

expected<std::vector<stored_task>> journal_reader::list(const journal_query& query) {
  // One query for each state: so each can follow the index.
  const std::set<std::optional<task_state>> states =
      query.states.empty()
          ? std::set<std::optional<task_state>>{std::nullopt}
          : std::set<std::optional<task_state>>{query.states.begin(), query.states.end()};
  std::vector<journal_row> rows;
  for (const auto& state : states) {
    if (auto done = add_rows(state, query, rows); !done)
      return done.error();
  }
  std::ranges::sort(rows, std::greater{}, &journal_row::seq);
  rows.resize(std::min(rows.size(), query.limit));
  std::vector<stored_task> found;
  for (auto& row : rows) {
    if (auto done = complete(row, /*with_result=*/false); !done)
      return std::move(done.error());
    found.push_back(std::move(row.kept));
  }
  return found;
}

expected<void> journal_reader::for_each(const std::function<expected<void>(journal_row&)>& use) {
  auto all = database_->prepare(select_tasks_sql("ORDER BY t.seq"));
  if (!all)
    return std::move(all.error());
  for (;;) {
    auto found = all->step();
    if (!found)
      return std::move(found.error());
    if (!*found)
      return {};
    auto row = row_on(*all);
    if (auto done = use(row); !done)
      return done;
  }
}

}  // namespace libagent
