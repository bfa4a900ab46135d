#include "libagent/adapters/database_failure.hpp"

#include <cerrno>
#include <sqlite3.h>
#include <string>
#include <utility>

namespace libagent {

namespace {

/// A failed sync is final whatever the system gave as its reason: which pages of earlier writes
/// are lost is unknown.
bool is_sync_failure(int extended) {
  return extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
}

bool is_lack_of_space(sqlite3* database, int extended) {
  if ((extended & 0xFF) == SQLITE_FULL)
    return true;
  if ((extended & 0xFF) != SQLITE_IOERR || is_sync_failure(extended))
    return false;
  const auto reason = sqlite3_system_errno(database);
  return reason == ENOSPC || reason == EDQUOT;
}

}  // namespace

error database_failure(const sqlite_database& database, error failure,
                       const std::filesystem::path& file) {
  if (!is_database_error(database))
    return failure;
  const auto extended = sqlite3_extended_errcode(database.handle());
  const auto primary = extended & 0xFF;
  const auto name = file.string();
  if (is_lack_of_space(database.handle(), extended))
    return {errc::unavailable, "no space left on the disk of " + name};
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
    return {errc::unavailable, name + " is locked by another program"};
  if (primary == SQLITE_NOMEM || extended == SQLITE_IOERR_NOMEM)
    return {errc::unavailable, "no memory left to use " + name};
  if (is_sync_failure(extended))
    failure.context = "sync " + name + ": " + failure.context;
  if (primary == SQLITE_CONSTRAINT)
    failure.code = errc::already_exists;
  return failure;
}

bool is_database_error(const sqlite_database& database) {
  const auto primary = sqlite3_errcode(database.handle()) & 0xFF;
  return primary != SQLITE_OK && primary != SQLITE_ROW && primary != SQLITE_DONE;
}

bool is_final(const error& failure) {
  return failure.code == errc::io_failed || failure.code == errc::corrupt;
}

}  // namespace libagent
