#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/session_store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// What is kept of a session beside its events.
struct session_row {
  std::int64_t seq = 0;
  session_head head;
  std::vector<std::string> approvals;
  bool is_sound = true;  ///< False: not what was written; only `seq` and the name can be used.
};

/// The table of heads.
///
/// Thread safety: that of the database, which it must not outlive. Errors: those of SQLite.
class session_heads {
public:
  [[nodiscard]] static expected<session_heads> over(sqlite_database& database);

  [[nodiscard]] expected<std::optional<session_row>> find(const session_name& name);
  [[nodiscard]] expected<std::optional<session_row>> find(std::int64_t seq);
  /// Without those that are damaged.
  [[nodiscard]] expected<std::vector<session_head>> list(const session_query& query);
  /// Numbers of sessions without an open turn; those unchanged for longest first.
  [[nodiscard]] expected<std::vector<std::int64_t>> unchanged_since(unix_millis when,
                                                                    std::size_t count);

  /// @pre There is none of this number or name.
  [[nodiscard]] expected<void> insert(const session_row& row);
  /// @pre There is one of this number and name.
  [[nodiscard]] expected<void> update(const session_row& row);
  [[nodiscard]] expected<void> remove(std::int64_t seq);

private:
  session_heads() = default;

  sqlite_statement by_name_;
  sqlite_statement by_number_;
  sqlite_statement list_;
  sqlite_statement unchanged_;
  sqlite_statement insert_;
  sqlite_statement update_;
  sqlite_statement remove_;
};

/// The columns of the table, from `seq` on.
inline constexpr const char* session_column_names =
    "seq,client,id,agent,created_at,changed_at,events,bytes,is_open,approvals,sum";
inline constexpr int session_column_count = 11;

/// Reads the row on which `from` stands, with all columns.
[[nodiscard]] session_row read_session_row(const sqlite_statement& from);

/// How messages call a session.
[[nodiscard]] std::string text_of(const session_name& name);

}  // namespace libagent
