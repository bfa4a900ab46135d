#include "libagent/adapters/database_checkpoints.hpp"

#include "libagent/adapters/kept_database.hpp"

#include <algorithm>
#include <sqlite3.h>
#include <string>

namespace libagent {

namespace {

constexpr std::uint64_t overdue_factor = 4;

/// Syncs one of the files of a connection; `which` is the file control that finds it.
expected<void> sync_file(const sqlite_database& database, int which) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(database.handle(), "main", which, static_cast<void*>(&file)) !=
          SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr)
    return {};
  if (file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK) {
    return error{errc::io_failed, std::string{"sync "} +
                                      sqlite3_db_filename(database.handle(), "main") +
                                      ": the disk could not"};
  }
  return {};
}

}  // namespace

database_checkpoints::database_checkpoints(sqlite_database& database, std::uint64_t bytes)
    : database_{database}, pages_due_{std::max<std::uint64_t>(16, bytes / database_page_bytes)} {
  sqlite3_wal_hook(database_.handle(), &database_checkpoints::note_commit, this);
}

database_checkpoints::~database_checkpoints() {
  sqlite3_wal_hook(database_.handle(), nullptr, nullptr);
}

int database_checkpoints::note_commit(void* self, sqlite3*, const char*, int pages) {
  static_cast<database_checkpoints*>(self)->pages_ = static_cast<std::uint64_t>(std::max(0, pages));
  return SQLITE_OK;
}

expected<void> database_checkpoints::run_if_due() {
  return pages_ < pages_due_ ? expected<void>{} : checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

bool database_checkpoints::is_overdue() const {
  return pages_ >= pages_due_ * overdue_factor;
}

expected<void> database_checkpoints::empty_log() {
  return checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

expected<void> database_checkpoints::checkpoint(int mode) {
  if (sqlite3_wal_checkpoint_v2(database_.handle(), "main", mode, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(database_.handle(), "checkpoint");
  return {};
}

expected<void> database_checkpoints::sync_log() {
  // The database too: without any syncs of SQLite's, what went there from the log may not be on
  // the disk.
  if (auto done = sync_file(database_, SQLITE_FCNTL_JOURNAL_POINTER); !done)
    return done;
  return sync_file(database_, SQLITE_FCNTL_FILE_POINTER);
}

}  // namespace libagent
