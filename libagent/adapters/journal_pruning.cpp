#include "libagent/adapters/journal_pruning.hpp"

#include "libagent/adapters/kept_database.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace libagent {

namespace {

constexpr unix_millis any_time = std::numeric_limits<unix_millis>::max();

constexpr const char* ended_sql = R"sql(
  SELECT ifnull(s.ended_at, 0), s.seq FROM states s
  WHERE s.state=?1 AND s.state >= 2 AND ifnull(s.ended_at, 0) < ?2
    AND NOT EXISTS (
      SELECT 1 FROM tasks t
      JOIN tasks p ON p.id=t.parent
      JOIN groups g ON g.seq=p.seq
      JOIN states ps ON ps.seq=p.seq
      WHERE t.seq=s.seq AND ps.state < 2)
  ORDER BY ifnull(s.ended_at, 0) LIMIT ?3
)sql";

}  // namespace

expected<journal_pruning> journal_pruning::over(sqlite_database& database,
                                                const journal_retention& retention) {
  journal_pruning made{database, retention};
  auto ended = database.prepare(ended_sql);
  if (!ended)
    return std::move(ended.error());
  made.ended_ = std::move(*ended);
  return made;
}

expected<void> journal_pruning::add_candidates(task_state state, unix_millis before,
                                               std::size_t count, std::vector<candidate>& to) {
  ended_.bind(1, static_cast<std::int64_t>(state));
  ended_.bind(2, before);
  ended_.bind(3, static_cast<std::int64_t>(count));
  for (;;) {
    const auto row = ended_.step();
    if (!row)
      return row.error();
    if (!*row)
      return {};
    to.push_back({ended_.integer(0), ended_.integer(1)});
  }
}

expected<std::vector<journal_pruning::candidate>> journal_pruning::candidates(
    std::size_t count, unix_millis before_dead, unix_millis before_others) {
  std::vector<candidate> found;
  for (const auto& [state, name] : enum_names<task_state>::values) {
    if (!is_terminal(state))
      continue;
    const auto before = state == task_state::dead ? before_dead : before_others;
    if (auto done = add_candidates(state, before, count, found); !done)
      return done.error();
  }
  std::ranges::sort(found, {},
                    [](const candidate& one) { return std::pair{one.ended_at, one.seq}; });
  found.resize(std::min(found.size(), count));
  return found;
}

expected<bool> journal_pruning::holds_too_much() {
  const auto all = database_->query_integer("PRAGMA page_count");
  if (!all)
    return all.error();
  const auto unused = database_->query_integer("PRAGMA freelist_count");
  if (!unused)
    return unused.error();
  return static_cast<std::uint64_t>(*all - *unused) * database_page_bytes > retention_.bytes;
}

expected<std::vector<std::int64_t>> journal_pruning::due(unix_millis now) {
  auto found = candidates(removals_per_step, now - retention_.dead_age.count(),
                          now - retention_.age.count());
  if (!found)
    return std::move(found.error());
  if (found->empty()) {
    const auto too_much = holds_too_much();
    if (!too_much)
      return too_much.error();
    if (*too_much)
      found = candidates(removals_per_step, any_time, any_time);
    if (!found)
      return std::move(found.error());
  }
  std::vector<std::int64_t> numbers;
  for (const auto& one : *found)
    numbers.push_back(one.seq);
  return numbers;
}

expected<void> journal_pruning::shrink() {
  return shrink_database(*database_);
}

}  // namespace libagent
