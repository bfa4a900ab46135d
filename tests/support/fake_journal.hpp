#pragma once

#include "libagent/ports/journal.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace libagent::testing {

/// A journal in memory, which fails when told to. What it holds stays when it is loaded again, as
/// after a crash. Retention: a task counts with its body, its result and 200 bytes more.
class fake_journal final : public journal {
public:
  explicit fake_journal(journal_retention retention = {}) : retention_{retention} {}

  /// The next commit fails so and does nothing; those after it work again.
  void fail_next(error why) {
    const std::lock_guard guard{mutex_};
    fails_once_ = std::move(why);
  }

  /// Every call but `stats` fails so until this is called with nothing.
  void fail_all(std::optional<error> why) {
    const std::lock_guard guard{mutex_};
    fails_ = std::move(why);
  }

  /// What each successful commit wrote.
  [[nodiscard]] std::vector<std::vector<journal_write>> commits() const {
    const std::lock_guard guard{mutex_};
    return commits_;
  }

  /// How often `sync` succeeded.
  [[nodiscard]] std::size_t syncs() const {
    const std::lock_guard guard{mutex_};
    return syncs_;
  }

  /// Reported by the next `load`.
  void report_damage(std::string what) {
    const std::lock_guard guard{mutex_};
    damage_.push_back(std::move(what));
  }

  /// From now on the task's result cannot be read. @pre The task is known.
  void lose_result_of(const task_id& id) {
    const std::lock_guard guard{mutex_};
    auto& lost = rows_.tasks.at(rows_.numbers.at(id));
    lost.is_damaged = true;
    lost.now.failure = error{errc::corrupt, "the journal lost the result of this task"};
  }

  [[nodiscard]] expected<journal_contents> load() override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    journal_contents found;
    for (const auto& [seq, kept] : rows_.tasks) {
      if (!is_terminal(kept.now.state) || is_awaited(kept))
        found.tasks.push_back(kept);
    }
    found.keys = keys();
    for (const auto& [id, what] : rows_.schedules)
      found.schedules.push_back(what);
    found.damage = std::exchange(damage_, {});
    return found;
  }

  [[nodiscard]] expected<void> commit(std::span<const journal_write> writes) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    if (fails_once_)
      return *std::exchange(fails_once_, std::nullopt);
    auto after = rows_;
    for (const auto& write : writes) {
      auto done = std::visit([&after](const auto& what) { return apply(after, what); }, write);
      if (!done)
        return done;
    }
    rows_ = std::move(after);
    commits_.emplace_back(writes.begin(), writes.end());
    stats_.writes += writes.size();
    return {};
  }

  [[nodiscard]] expected<std::optional<stored_task>> find(const task_id& id) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    const auto at = rows_.numbers.find(id);
    if (at == rows_.numbers.end())
      return std::optional<stored_task>{};
    return std::optional{rows_.tasks.at(at->second)};
  }

  [[nodiscard]] expected<std::vector<stored_task>> list(const journal_query& query) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    std::vector<stored_task> found;
    for (const auto& [seq, kept] : std::views::reverse(rows_.tasks)) {
      if (found.size() >= query.limit)
        break;
      if (!matches(kept, query))
        continue;
      found.push_back(kept);
      found.back().now.result.reset();
    }
    return found;
  }

  [[nodiscard]] expected<std::size_t> prune(unix_millis now) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    const auto before = rows_.tasks.size();
    std::vector<std::pair<unix_millis, task_id>> ended;
    for (const auto& [seq, kept] : rows_.tasks) {
      if (is_terminal(kept.now.state) && !is_awaited(kept))
        ended.emplace_back(kept.now.ended_at.value_or(0), kept.task.id);
    }
    std::ranges::sort(ended);
    for (const auto& [ended_at, id] : ended) {
      const auto& kept = rows_.tasks.at(rows_.numbers.at(id));
      const auto age = kept.now.state == task_state::dead ? retention_.dead_age : retention_.age;
      if (ended_at < now - age.count() || bytes() > retention_.bytes)
        (void)apply(rows_, write_purged{id});
    }
    return before - rows_.tasks.size();
  }

  [[nodiscard]] expected<void> sync() override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    ++syncs_;
    return {};
  }

  [[nodiscard]] journal_stats stats() override {
    const std::lock_guard guard{mutex_};
    auto now = stats_;
    now.tasks = rows_.tasks.size();
    now.file_bytes = bytes();
    now.commits = commits_.size();
    return now;
  }

private:
  struct contents {
    std::map<std::uint64_t, stored_task> tasks;  // by order of acceptance
    std::map<task_id, std::uint64_t> numbers;
    std::map<task_id, schedule> schedules;
    std::uint64_t accepted = 0;
  };

  static stored_task* kept_in(contents& rows, const task_id& id) {
    const auto at = rows.numbers.find(id);
    return at == rows.numbers.end() ? nullptr : &rows.tasks.at(at->second);
  }

  static expected<void> apply(contents& rows, const write_accepted& write) {
    if (!rows.numbers.emplace(write.task.id, ++rows.accepted).second)
      return {};
    rows.tasks.emplace(rows.accepted, stored_task{write.task, {}, {}});
    return {};
  }

  static expected<void> apply(contents& rows, const write_state& write) {
    if (auto* kept = kept_in(rows, write.id))
      kept->now = write.now;
    return {};
  }

  static expected<void> apply(contents& rows, const write_group& write) {
    if (auto* kept = kept_in(rows, write.parent))
      kept->group = write.group;
    return {};
  }

  static expected<void> apply(contents& rows, const write_schedule& write) {
    rows.schedules.insert_or_assign(write.what.id, write.what);
    return {};
  }

  static expected<void> apply(contents& rows, const write_schedule_removed& write) {
    rows.schedules.erase(write.id);
    return {};
  }

  static expected<void> apply(contents& rows, const write_purged& write) {
    const auto* kept = kept_in(rows, write.id);
    if (kept != nullptr && is_terminal(kept->now.state)) {
      rows.tasks.erase(rows.numbers.at(write.id));
      rows.numbers.erase(write.id);
    }
    return {};
  }

  [[nodiscard]] bool is_awaited(const stored_task& kept) const {
    const auto at = rows_.numbers.find(kept.task.parent);
    if (at == rows_.numbers.end())
      return false;
    const auto& parent = rows_.tasks.at(at->second);
    return !is_terminal(parent.now.state) && !parent.group.empty();
  }

  static bool matches(const stored_task& kept, const journal_query& query) {
    const bool has_state = query.states.empty() ||
                           std::ranges::find(query.states, kept.now.state) != query.states.end();
    const bool has_target = query.target.empty() || query.target == kept.task.target;
    const bool has_ended =
        !query.ended_before || (kept.now.ended_at && *kept.now.ended_at < *query.ended_before);
    return has_state && has_target && has_ended;
  }

  /// Of two tasks with one key, the later has it.
  [[nodiscard]] std::vector<journal_key> keys() const {
    std::vector<journal_key> found;
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& [seq, kept] : std::views::reverse(rows_.tasks)) {
      const auto& task = kept.task;
      if (!task.key.empty() && seen.emplace(task.client, task.key).second)
        found.push_back({task.client, task.key, task.fingerprint, task.id, task.accepted_at});
    }
    std::ranges::reverse(found);
    return found;
  }

  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [seq, kept] : rows_.tasks)
      sum +=
          200 + kept.task.arguments->size() + (kept.now.result ? kept.now.result->text.size() : 0);
    return sum;
  }

  mutable std::mutex mutex_;
  const journal_retention retention_;
  contents rows_;
  std::optional<error> fails_;
  std::optional<error> fails_once_;
  std::vector<std::vector<journal_write>> commits_;
  std::vector<std::string> damage_;
  std::size_t syncs_ = 0;
  journal_stats stats_;
};

}  // namespace libagent::testing
