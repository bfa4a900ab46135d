#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace libagent {

/// The table of events.
///
/// Thread safety: that of the database, which it must not outlive. Errors: those of SQLite.
class session_events {
public:
  [[nodiscard]] static expected<session_events> over(sqlite_database& database);

  /// @pre Events `first` and after are not there, and the numbers stay below `session_events_max`.
  [[nodiscard]] expected<void> put(std::int64_t seq, std::uint64_t first,
                                   std::span<const std::string> events);

  /// The events from `first` on. Errors: `corrupt`, naming the first that is not what was written.
  [[nodiscard]] expected<std::vector<std::string>> get(std::int64_t seq, std::uint64_t first,
                                                       std::uint64_t count);

  /// Removes all of a session; returns how many.
  [[nodiscard]] expected<std::uint64_t> remove(std::int64_t seq);

private:
  explicit session_events(sqlite_database& database) : database_{&database} {}

  sqlite_database* database_;
  sqlite_statement put_;
  sqlite_statement get_;
  sqlite_statement remove_;
};

}  // namespace libagent
