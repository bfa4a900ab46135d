#pragma once

#include "libagent/adapters/session_events.hpp"
#include "libagent/adapters/session_heads.hpp"
#include "libagent/adapters/spending_rows.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/session_store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace libagent {

/// Sessions and events added less those removed.
struct session_counts {
  std::int64_t sessions = 0;
  std::int64_t events = 0;
};

/// Applies writes to the tables of a session store, within a transaction of the caller's.
///
/// Thread safety: that of the database, which it must not outlive.
class session_writer {
public:
  [[nodiscard]] static expected<session_writer> over(sqlite_database& database);

  /// Errors: as `session_store::commit`.
  [[nodiscard]] expected<void> apply(const session_write& write);

  /// Removes some sessions without an open turn that have not changed since; returns how many.
  [[nodiscard]] expected<std::size_t> prune(unix_millis unchanged_since);

  /// Puts an approval into the index. Errors: `already_exists` when it is another session's.
  [[nodiscard]] expected<void> put_approval(const std::string& id, const session_row& session);
  /// The number of the session in which an approval waits; 0: none does.
  [[nodiscard]] expected<std::int64_t> session_of_approval(const std::string& id);

  [[nodiscard]] session_heads& heads() { return heads_; }

  [[nodiscard]] session_events& events() { return events_; }

  [[nodiscard]] spending_rows& spending() { return spending_; }

  /// What changed since the last call.
  [[nodiscard]] session_counts take_added() { return std::exchange(added_, {}); }

private:
  session_writer(session_heads heads, session_events events, spending_rows spending)
      : heads_{std::move(heads)}, events_{std::move(events)}, spending_{std::move(spending)} {}

  [[nodiscard]] expected<void> write(const append_events& what);
  [[nodiscard]] expected<void> write(const erase_session& what);
  [[nodiscard]] expected<void> write(const keep_spending& what);
  [[nodiscard]] expected<void> append_to(const session_row* before, const append_events& what);
  [[nodiscard]] expected<void> pass_over(const session_row& before, const append_events& what);
  [[nodiscard]] expected<void> replace_approvals(const std::vector<std::string>& before,
                                                 const session_row& now);
  [[nodiscard]] expected<void> remove(const session_row& session);
  [[nodiscard]] expected<void> remove_approval(const std::string& id);

  session_heads heads_;
  session_events events_;
  spending_rows spending_;
  sqlite_statement find_approval_;
  sqlite_statement put_approval_;
  sqlite_statement remove_approval_;
  sqlite_statement remove_approvals_of_;
  std::int64_t next_seq_ = 1;
  session_counts added_;
};

}  // namespace libagent
