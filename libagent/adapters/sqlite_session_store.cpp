#include "libagent/adapters/sqlite_session_store.hpp"

#include "libagent/adapters/database_checkpoints.hpp"
#include "libagent/adapters/database_failure.hpp"
#include "libagent/adapters/file_lock.hpp"
#include "libagent/adapters/kept_database.hpp"
#include "libagent/adapters/session_kind.hpp"
#include "libagent/adapters/session_writer.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <utility>

namespace libagent {

namespace {

/// For a former process that is not quite gone.
constexpr std::chrono::milliseconds former_owner_patience{2'000};

class sqlite_session_store final : public session_store {
public:
  sqlite_session_store(sqlite_session_options options, file_lock lock, sqlite_database database)
      : options_{std::move(options)},
        lock_{std::move(lock)},
        database_{std::move(database)},
        checkpoints_{database_, options_.checkpoint_bytes} {}

  sqlite_session_store(const sqlite_session_store&) = delete;
  sqlite_session_store& operator=(const sqlite_session_store&) = delete;

  ~sqlite_session_store() override {
    if (!broken_)
      static_cast<void>(checkpoints_.empty_log());
  }

  [[nodiscard]] expected<void> prepare();

  [[nodiscard]] expected<void> commit(std::span<const session_write> writes) override;
  [[nodiscard]] expected<std::optional<stored_session>> load(const session_name& name) override;
  [[nodiscard]] expected<std::vector<session_head>> list(const session_query& query) override;
  [[nodiscard]] expected<std::optional<session_name>> find_approval(
      const std::string& approval) override;
  [[nodiscard]] expected<std::size_t> prune(unix_millis unchanged_since) override;
  [[nodiscard]] expected<std::vector<kept_spending>> spending(std::int64_t day) override;
  [[nodiscard]] session_store_stats stats() override;

private:
  /// Runs `work` in a transaction: all of it is done, or nothing.
  template <class Work>
  expected<void> in_transaction(Work work);
  [[nodiscard]] error failed(error failure);
  void bring_up_to_date();

  /// What became of a call that does not write.
  [[nodiscard]] error unread(error failure) const {
    return database_failure(database_, std::move(failure), options_.file);
  }

  void reach(std::string_view point) const {
    if (options_.crash_point)
      options_.crash_point(point);
  }

  const sqlite_session_options options_;
  file_lock lock_;
  sqlite_database database_;
  database_checkpoints checkpoints_;
  std::optional<session_writer> writer_;
  std::optional<error> broken_;  // nothing may be written any more
  session_store_stats stats_;
};

expected<void> sqlite_session_store::prepare() {
  auto writer = session_writer::over(database_);
  if (!writer)
    return unread(std::move(writer.error()));
  writer_ = std::move(*writer);
  const auto sessions = database_.query_integer("SELECT count(*) FROM sessions");
  if (!sessions)
    return unread(sessions.error());
  const auto events =
      database_.query_integer("SELECT CAST(total(events) AS INTEGER) FROM sessions");
  if (!events)
    return unread(events.error());
  stats_.sessions = static_cast<std::uint64_t>(*sessions);
  stats_.events = static_cast<std::uint64_t>(*events);
  return {};
}

error sqlite_session_store::failed(error failure) {
  const bool is_of_database = is_database_error(database_);
  auto what = unread(std::move(failure));
  // One session that is damaged or has two writers does not keep others from being written.
  if (is_of_database && is_final(what))
    broken_ = what;
  if (sqlite3_get_autocommit(database_.handle()) == 0)
    static_cast<void>(database_.execute("ROLLBACK"));
  static_cast<void>(writer_->take_added());
  return what;
}

template <class Work>
expected<void> sqlite_session_store::in_transaction(Work work) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun)
    return failed(begun.error());
  if (auto done = work(); !done)
    return failed(done.error());
  reach("sessions.after_write");
  if (auto done = database_.execute("COMMIT"); !done)
    return failed(done.error());
  const auto added = writer_->take_added();
  stats_.sessions += static_cast<std::uint64_t>(added.sessions);
  stats_.events += static_cast<std::uint64_t>(added.events);
  return {};
}

/// What is committed stays so whatever becomes of this; a failure that is final shows in the next
/// commit, one that may pass is tried again then.
void sqlite_session_store::bring_up_to_date() {
  const auto done = checkpoints_.run_if_due();
  if (done)
    return;
  auto what = unread(done.error());
  if (is_final(what))
    broken_ = std::move(what);
}

expected<void> sqlite_session_store::commit(std::span<const session_write> writes) {
  if (broken_)
    return *broken_;
  if (writes.empty())
    return {};
  reach("sessions.before_commit");
  auto done = in_transaction([&]() -> expected<void> {
    for (const auto& write : writes) {
      if (auto applied = writer_->apply(write); !applied)
        return applied;
    }
    return {};
  });
  if (!done)
    return done;
  reach("sessions.after_commit");
  bring_up_to_date();
  ++stats_.commits;
  stats_.writes += writes.size();
  return {};
}

expected<std::optional<stored_session>> sqlite_session_store::load(const session_name& name) {
  const auto tried = [&name](error failure) {
    failure.context = "load session " + text_of(name) + ": " + failure.context;
    return failure;
  };
  auto row = writer_->heads().find(name);
  if (!row)
    return tried(unread(std::move(row.error())));
  if (!*row)
    return std::optional<stored_session>{};
  if (!(*row)->is_sound)
    return tried({errc::corrupt, "its head is damaged"});
  auto events = writer_->events().get((*row)->seq, 0, (*row)->head.events);
  if (!events)
    return tried(unread(std::move(events.error())));
  return std::optional{stored_session{std::move((*row)->head), *std::move(events)}};
}

expected<std::vector<session_head>> sqlite_session_store::list(const session_query& query) {
  auto found = writer_->heads().list(query);
  if (!found)
    return unread(std::move(found.error()));
  return found;
}

expected<std::optional<session_name>> sqlite_session_store::find_approval(
    const std::string& approval) {
  const auto seq = writer_->session_of_approval(approval);
  if (!seq)
    return unread(seq.error());
  const auto row = writer_->heads().find(*seq);
  if (!row)
    return unread(row.error());
  // An index may name a session that was erased while its head was damaged.
  const bool waits =
      *row && std::ranges::find((*row)->approvals, approval) != (*row)->approvals.end();
  return waits ? std::optional{(*row)->head.name} : std::nullopt;
}

expected<std::size_t> sqlite_session_store::prune(unix_millis unchanged_since) {
  if (broken_)
    return *broken_;
  std::size_t removed = 0;
  auto done = in_transaction([&]() -> expected<void> {
    const auto count = writer_->prune(unchanged_since);
    if (!count)
      return count.error();
    removed = *count;
    return shrink_database(database_);
  });
  if (!done)
    return done.error();
  bring_up_to_date();
  return removed;
}

expected<std::vector<kept_spending>> sqlite_session_store::spending(std::int64_t day) {
  auto found = writer_->spending().of_day(day);
  if (!found)
    return unread(std::move(found.error()));
  return found;
}

session_store_stats sqlite_session_store::stats() {
  auto now = stats_;
  now.file_bytes = database_file_bytes(options_.file);
  return now;
}

}  // namespace

expected<opened_session_store> open_sqlite_session_store(sqlite_session_options options) {
  const auto tried = [file = options.file.string()](error failure) {
    failure.context = "open session store " + file + ": " + failure.context;
    return failure;
  };
  auto lock = file_lock::take(options.file.string() + ".lock", former_owner_patience);
  if (!lock)
    return std::move(lock.error());
  auto opened = open_kept_database(
      options.file, session_kind{},
      {.lock_patience = options.lock_patience, .cache_bytes = options.cache_bytes});
  if (!opened)
    return tried(std::move(opened.error()));
  auto made = std::make_shared<sqlite_session_store>(std::move(options), std::move(*lock),
                                                     std::move(opened->writer));
  if (auto done = made->prepare(); !done)
    return tried(done.error());
  return opened_session_store{std::move(made), std::move(opened->damage)};
}

}  // namespace libagent
