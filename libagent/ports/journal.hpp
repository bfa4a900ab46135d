#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/config/journal_choice.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// How long ended tasks stay.
struct journal_retention {
  std::chrono::milliseconds age = std::chrono::hours{24 * 7};
  std::chrono::milliseconds dead_age = std::chrono::hours{24 * 30};  ///< Of those that died.
  std::uint64_t bytes = std::uint64_t{1} << 30U;                     ///< Of the whole file.
};

/// What a journal holds when it is opened.
struct journal_contents {
  /// Everything that has not ended, in the order of acceptance, and the ended children of parents
  /// that still wait.
  std::vector<stored_task> tasks;
  std::vector<journal_key> keys;  ///< Of all tasks that are kept.
  std::vector<schedule> schedules;
  /// What could not be read, and what became of it; empty when all is well.
  std::vector<std::string> damage;
};

/// Which tasks a listing is about.
struct journal_query {
  std::vector<task_state> states;  ///< Empty: all.
  std::string target;              ///< Empty: all.
  std::size_t limit = 100;
  std::optional<unix_millis> ended_before;
};

struct journal_stats {
  std::uint64_t tasks = 0;       ///< Kept, whatever their state.
  std::uint64_t file_bytes = 0;  ///< The database with its log.
  std::uint64_t commits = 0;     ///< Since the start.
  std::uint64_t writes = 0;      ///< In them.
  std::uint64_t commit_us = 0;   ///< Time spent in them.
};

template <class Inspector>
bool inspect(Inspector& f, journal_stats& x) {
  return record(f, x, "journal_stats", field("tasks", "Tasks kept, ended or not.", x.tasks),
                field("file_bytes", "Size of the database with its log.", x.file_bytes),
                field("commits", "Commits since the start.", x.commits),
                field("writes", "Changes in them.", x.writes),
                field("commit_us", "Time spent in them.", x.commit_us));
}

/// Keeps accepted tasks, what became of them, and schedules, over crashes and restarts.
///
/// Blocking: all of it may wait for the disk. Thread safety: any thread. Errors of every call:
/// `unavailable` for what may pass by itself (no space left, the file is locked), with its cause;
/// `io_failed` and `corrupt` for what does not: nothing may be accepted any more, and a failed sync
/// is not tried again, because the pages it was about may be gone.
class journal {
public:
  journal() = default;
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  virtual ~journal() = default;

  /// Everything that is needed to go on. Not while a commit is under way.
  [[nodiscard]] virtual expected<journal_contents> load() = 0;

  /// Applies the writes, all or none; by the sync policy they are on stable storage then.
  [[nodiscard]] virtual expected<void> commit(std::span<const journal_write> writes) = 0;

  /// One task; empty when it is not kept (any more).
  [[nodiscard]] virtual expected<std::optional<stored_task>> find(const task_id& id) = 0;

  /// The newest first, without results.
  [[nodiscard]] virtual expected<std::vector<stored_task>> list(const journal_query& query) = 0;

  /// Removes ended tasks beyond the retention, some at a time; returns how many. To be called now
  /// and then, and again at once as long as it is not 0.
  [[nodiscard]] virtual expected<std::size_t> prune(unix_millis now) = 0;

  /// Makes everything committed so far stable, for the `interval` policy and for a clean end.
  [[nodiscard]] virtual expected<void> sync() = 0;

  [[nodiscard]] virtual journal_stats stats() = 0;
};

using journal_ptr = std::shared_ptr<journal>;

}  // namespace libagent
