#include "libagent/adapters/journal_database.hpp"

#include "libagent/adapters/journal_salvage.hpp"
#include "libagent/adapters/journal_schema.hpp"
#include "libagent/adapters/kept_database.hpp"

#include <sqlite3.h>
#include <utility>

namespace libagent {

namespace {

const char* synchronous_of(journal_sync sync) {
  // With NORMAL the log is synced before it is brought into the database only: that keeps the file
  // whole, and what the log ends with is up to `sync`.
  switch (sync) {
    case journal_sync::none: return "OFF";
    case journal_sync::interval: return "NORMAL";
    case journal_sync::group: return "FULL";
  }
  return "FULL";
}

class journal_kind final : public database_kind {
public:
  [[nodiscard]] database_schema schema() const override { return journal_schema(); }

  [[nodiscard]] std::vector<std::string> own_tables() const override {
    return {"bodies", "states"};
  }

  [[nodiscard]] std::vector<rescued_table> tables(sqlite_database& from) const override {
    return journal_tables(from);
  }

  /// Loading compares all with the sums.
  [[nodiscard]] expected<void> check(sqlite_database&) const override { return {}; }

  [[nodiscard]] expected<saved_rows> rescue(sqlite_database& from,
                                            sqlite_database& to) const override {
    return rescue_journal(from, to, journal_clock_now());
  }
};

}  // namespace

expected<opened_journal_database> open_journal_database(const std::filesystem::path& file,
                                                        journal_sync sync,
                                                        std::chrono::milliseconds lock_patience) {
  auto opened = open_kept_database(
      file, journal_kind{}, {.synchronous = synchronous_of(sync), .lock_patience = lock_patience});
  if (!opened)
    return std::move(opened.error());
  auto reader = sqlite_database::open(file, sqlite_database::access::read);
  if (!reader)
    return std::move(reader.error());
  sqlite3_db_config(reader->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return opened_journal_database{std::move(opened->writer), std::move(*reader),
                                 std::move(opened->damage)};
}

unix_millis journal_clock_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace libagent
