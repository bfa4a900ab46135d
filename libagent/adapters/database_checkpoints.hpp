#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>

namespace libagent {

/// Brings the log of a database into it when the log is long enough, and syncs it on demand.
///
/// SQLite's own checkpoints do not say when a sync failed. Registers itself with the connection: it
/// stays where it is, and must outlive it or its last commit. Thread safety: that of the database.
class database_checkpoints {
public:
  database_checkpoints(sqlite_database& database, std::uint64_t bytes);

  database_checkpoints(const database_checkpoints&) = delete;
  database_checkpoints& operator=(const database_checkpoints&) = delete;
  ~database_checkpoints();

  /// Does nothing while the log is short. Who reads is not waited for; what they keep is done the
  /// next time.
  [[nodiscard]] expected<void> run_if_due();

  /// Whether the log grew to a multiple of what it should have.
  [[nodiscard]] bool is_overdue() const;

  /// Brings all of the log into the database and empties it. @pre nobody reads.
  [[nodiscard]] expected<void> empty_log();

  /// Makes all that is committed stable. After a failure nothing is known of the file any more.
  [[nodiscard]] expected<void> sync_log();

private:
  static int note_commit(void* self, struct sqlite3* database, const char* name, int pages);

  expected<void> checkpoint(int mode);

  sqlite_database& database_;
  const std::uint64_t pages_due_;
  std::uint64_t pages_ = 0;  // in the log
};

}  // namespace libagent
