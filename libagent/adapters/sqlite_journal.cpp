#include "libagent/adapters/sqlite_journal.hpp"

#include "libagent/adapters/database_checkpoints.hpp"
#include "libagent/adapters/database_failure.hpp"
#include "libagent/adapters/file_lock.hpp"
#include "libagent/adapters/journal_database.hpp"
#include "libagent/adapters/journal_loading.hpp"
#include "libagent/adapters/journal_pruning.hpp"
#include "libagent/adapters/journal_reader.hpp"
#include "libagent/adapters/journal_writer.hpp"
#include "libagent/adapters/kept_database.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <sqlite3.h>
#include <utility>
#include <vector>

namespace libagent {

namespace {

/// For a former process that is not quite gone.
constexpr std::chrono::milliseconds predecessor_patience{2'000};

class sqlite_journal final : public journal {
public:
  sqlite_journal(sqlite_journal_options options, file_lock lock, opened_journal_database opened)
      : options_{std::move(options)},
        lock_{std::move(lock)},
        database_{std::move(opened)},
        checkpoints_{database_.writer, options_.checkpoint_bytes} {}

  sqlite_journal(const sqlite_journal&) = delete;
  sqlite_journal& operator=(const sqlite_journal&) = delete;

  ~sqlite_journal() override {
    if (!broken_)
      static_cast<void>(checkpoints_.empty_log());
  }

  [[nodiscard]] expected<void> prepare();

  [[nodiscard]] expected<journal_contents> load() override;
  [[nodiscard]] expected<void> commit(std::span<const journal_write> writes) override;
  [[nodiscard]] expected<std::optional<stored_task>> find(const task_id& id) override;
  [[nodiscard]] expected<std::vector<stored_task>> list(const journal_query& query) override;
  [[nodiscard]] expected<std::size_t> prune(unix_millis now) override;
  [[nodiscard]] expected<void> sync() override;
  [[nodiscard]] journal_stats stats() override;

private:
  /// Runs `work` in a transaction of the writer: all of it is done, or nothing.
  template <class Work>
  expected<void> in_transaction(Work work);
  expected<void> run_statement(const char* sql);
  error failed(const error& failure);
  expected<void> bring_up_to_date();
  expected<std::size_t> remove_due(unix_millis now);
  void count_commit(std::size_t writes, std::chrono::steady_clock::time_point begin);

  void reach(std::string_view point) const {
    if (options_.crash_point)
      options_.crash_point(point);
  }

  const sqlite_journal_options options_;
  file_lock lock_;
  opened_journal_database database_;
  database_checkpoints checkpoints_;

  std::mutex writing_;  // over all that uses the writer's connection
  std::optional<journal_writer> writer_;
  std::optional<journal_pruning> pruning_;
  std::optional<error> broken_;

  std::mutex reading_;  // over the reader's; taken after `writing_` where both are
  std::optional<journal_reader> reader_;

  std::mutex counting_;
  journal_stats stats_;
};

expected<void> sqlite_journal::prepare() {
  auto writer = journal_writer::over(database_.writer);
  if (!writer)
    return database_failure(database_.writer, std::move(writer.error()), options_.file);
  writer_ = std::move(*writer);
  auto pruning = journal_pruning::over(database_.writer, options_.retention);
  if (!pruning)
    return database_failure(database_.writer, std::move(pruning.error()), options_.file);
  pruning_ = std::move(*pruning);
  auto reader = journal_reader::over(database_.reader);
  if (!reader)
    return database_failure(database_.reader, std::move(reader.error()), options_.file);
  reader_ = std::move(*reader);
  const auto tasks = database_.writer.query_integer("SELECT count(*) FROM tasks");
  if (!tasks)
    return database_failure(database_.writer, tasks.error(), options_.file);
  stats_.tasks = static_cast<std::uint64_t>(*tasks);
  return {};
}

error sqlite_journal::failed(const error& failure) {
  auto what = database_failure(database_.writer, failure, options_.file);
  if (is_final(what))
    broken_ = what;
  if (sqlite3_get_autocommit(database_.writer.handle()) == 0)
    static_cast<void>(database_.writer.execute("ROLLBACK"));
  static_cast<void>(writer_->take_added());
  return what;
}

expected<void> sqlite_journal::run_statement(const char* sql) {
  return database_.writer.execute(sql);
}

template <class Work>
expected<void> sqlite_journal::in_transaction(Work work) {
  if (auto begun = run_statement("BEGIN IMMEDIATE"); !begun)
    return failed(begun.error());
  if (auto done = work(); !done)
    return failed(done.error());
  reach("journal.after_write");
  if (auto done = run_statement("COMMIT"); !done)
    return failed(done.error());
  const std::lock_guard guard{counting_};
  stats_.tasks += static_cast<std::uint64_t>(writer_->take_added());
  return {};
}

expected<void> sqlite_journal::bring_up_to_date() {
  auto done = checkpoints_.run_if_due();
  if (!done && checkpoints_.is_overdue()) {
    // Those who read keep the log from beginning anew.
    const std::lock_guard guard{reading_};
    done = checkpoints_.empty_log();
  }
  if (done)
    return {};
  auto what = database_failure(database_.writer, done.error(), options_.file);
  if (is_final(what))
    broken_ = what;
  return what;
}

expected<void> sqlite_journal::commit(std::span<const journal_write> writes) {
  const std::lock_guard guard{writing_};
  if (broken_)
    return *broken_;
  const auto begin = std::chrono::steady_clock::now();
  reach("journal.before_commit");
  auto done = in_transaction([&]() -> expected<void> {
    for (const auto& write : writes) {
      if (auto applied = writer_->apply(write); !applied)
        return applied;
    }
    return {};
  });
  if (!done)
    return done;
  reach("journal.after_commit");
  // What is committed stays so whatever becomes of this; a failure that is final shows in the next
  // commit, one that may pass is tried again then.
  static_cast<void>(bring_up_to_date());
  count_commit(writes.size(), begin);
  return {};
}

void sqlite_journal::count_commit(std::size_t writes, std::chrono::steady_clock::time_point begin) {
  const auto took = std::chrono::steady_clock::now() - begin;
  const std::lock_guard guard{counting_};
  ++stats_.commits;
  stats_.writes += writes;
  stats_.commit_us += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count());
}

expected<journal_contents> sqlite_journal::load() {
  const std::lock_guard guard{writing_};
  if (broken_)
    return *broken_;
  journal_contents found;
  found.damage = database_.damage;
  journal_loading loading{database_.writer, *writer_, journal_clock_now()};
  auto done = in_transaction([&] { return loading.run(found); });
  if (!done)
    return done.error();
  return found;
}

expected<std::optional<stored_task>> sqlite_journal::find(const task_id& id) {
  const std::lock_guard guard{reading_};
  auto found = reader_->find(id);
  if (!found)
    return database_failure(database_.reader, std::move(found.error()), options_.file);
  return found;
}

expected<std::vector<stored_task>> sqlite_journal::list(const journal_query& query) {
  const std::lock_guard guard{reading_};
  auto found = reader_->list(query);
  if (!found)
    return database_failure(database_.reader, std::move(found.error()), options_.file);
  return found;
}

expected<std::size_t> sqlite_journal::remove_due(unix_millis now) {
  const auto ended = pruning_->due(now);
  if (!ended)
    return ended.error();
  for (const auto seq : *ended) {
    if (auto gone = writer_->remove(seq); !gone)
      return gone.error();
  }
  return ended->size();
}

expected<std::size_t> sqlite_journal::prune(unix_millis now) {
  const std::lock_guard guard{writing_};
  if (broken_)
    return *broken_;
  std::size_t removed = 0;
  auto done = in_transaction([&]() -> expected<void> {
    for (std::size_t step = 0; step < prune_steps; ++step) {
      const auto count = remove_due(now);
      if (!count)
        return count.error();
      if (*count == 0)
        break;
      removed += *count;
    }
    return pruning_->shrink();
  });
  if (!done)
    return done.error();
  static_cast<void>(bring_up_to_date());
  return removed;
}

expected<void> sqlite_journal::sync() {
  const std::lock_guard guard{writing_};
  if (broken_)
    return *broken_;
  auto done = checkpoints_.sync_log();
  if (!done)
    broken_ = done.error();
  return done;
}

journal_stats sqlite_journal::stats() {
  const std::lock_guard guard{counting_};
  auto now = stats_;
  now.file_bytes = database_file_bytes(options_.file);
  return now;
}

}  // namespace

expected<journal_ptr> open_sqlite_journal(sqlite_journal_options options) {
  auto lock = file_lock::take(options.file.string() + ".lock", predecessor_patience);
  if (!lock)
    return std::move(lock.error());
  auto opened = open_journal_database(options.file, options.sync, options.lock_patience);
  if (!opened) {
    auto failure = std::move(opened.error());
    failure.context = "open journal " + options.file.string() + ": " + failure.context;
    return failure;
  }
  auto made =
      std::make_shared<sqlite_journal>(std::move(options), std::move(*lock), std::move(*opened));
  if (auto done = made->prepare(); !done)
    return done.error();
  return journal_ptr{std::move(made)};
}

}  // namespace libagent
