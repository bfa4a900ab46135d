#include "libagent/adapters/session_kind.hpp"

#include "libagent/adapters/database_salvage.hpp"
#include "libagent/adapters/session_heads.hpp"
#include "libagent/adapters/session_schema.hpp"
#include "libagent/adapters/session_writer.hpp"
#include "libagent/adapters/spending_rows.hpp"

#include <string_view>
#include <utility>

namespace libagent {

namespace {

class session_rescue {
public:
  session_rescue(sqlite_database& from, sqlite_database& to) : from_{from}, to_{to} {}

  [[nodiscard]] expected<saved_rows> run(const std::vector<rescued_table>& tables);

private:
  /// A session whose row cannot be read or says another name than the index is kept by the name in
  /// the index, as one that is damaged.
  [[nodiscard]] expected<void> name_lost_sessions(const char* order);
  [[nodiscard]] expected<void> name_lost_session(session_heads& heads, std::int64_t seq,
                                                 const session_name& name);
  [[nodiscard]] expected<void> drop_events_of_nobody();
  [[nodiscard]] expected<void> index_approvals();

  sqlite_database& from_;
  sqlite_database& to_;
  std::uint64_t named_ = 0;
  std::vector<std::string> said_;
};

expected<saved_rows> session_rescue::run(const std::vector<rescued_table>& tables) {
  if (auto done = rescue_tables(from_, to_, tables, "sessions", said_); !done)
    return done.error();
  for (const auto* order : {"ASC", "DESC"}) {
    if (auto done = name_lost_sessions(order); !done)
      return done.error();
  }
  if (named_ > 0)
    said_.push_back(std::to_string(named_) + " sessions could not be read but for their names");
  if (auto done = drop_events_of_nobody(); !done)
    return done.error();
  if (auto done = index_approvals(); !done)
    return done.error();
  const auto sessions = to_.query_integer("SELECT count(*) FROM sessions");
  if (!sessions)
    return sessions.error();
  return saved_rows{*sessions, std::move(said_)};
}

expected<void> session_rescue::name_lost_sessions(const char* order) {
  auto heads = session_heads::over(to_);
  if (!heads)
    return heads.error();
  const std::string direction{order};
  auto entries = from_.prepare(
      "SELECT client, id, seq FROM sessions INDEXED BY sessions_by_name "
      "ORDER BY client " +
      direction + ", id " + direction);
  if (!entries)
    return {};  // There is no such index any more.
  for (;;) {
    const auto entry = entries->step();
    if (!entry || !*entry)
      return {};  // Whatever is behind damage cannot be named.
    const session_name name{std::string{entries->text(0)}, std::string{entries->text(1)}};
    if (auto done = name_lost_session(*heads, entries->integer(2), name); !done)
      return done;
  }
}

expected<void> session_rescue::name_lost_session(session_heads& heads, std::int64_t seq,
                                                 const session_name& name) {
  const auto saved = heads.find(seq);
  if (!saved)
    return saved.error();
  const bool is_there = saved->has_value();
  if (seq <= 0 || (is_there && ((*saved)->is_sound || (*saved)->head.name == name)))
    return {};
  auto damaged =
      to_.prepare(is_there ? "UPDATE OR IGNORE sessions SET client=?2,id=?3 WHERE seq=?1"
                           : "INSERT OR IGNORE INTO sessions(seq,client,id,agent,created_at,"
                             "changed_at,events,bytes,is_open,approvals,sum) "
                             "VALUES(?1,?2,?3,'',0,0,0,0,0,'',0)");
  if (!damaged)
    return damaged.error();
  damaged->bind(1, seq);
  damaged->bind(2, std::string_view{name.client});
  damaged->bind(3, std::string_view{name.id});
  named_ += is_there ? 0 : 1;
  return damaged->run();
}

expected<void> session_rescue::drop_events_of_nobody() {
  const auto number = "(at >> " + std::to_string(session_event_bits) + ")";
  const auto nobody = " FROM events WHERE " + number + " NOT IN (SELECT seq FROM sessions)";
  const auto count = to_.query_integer("SELECT count(DISTINCT " + number + ")" + nobody);
  if (!count)
    return count.error();
  if (*count == 0)
    return {};
  said_.push_back(std::to_string(*count) +
                  " sessions are lost: of them there are only events, without names");
  return to_.execute("DELETE" + nobody);
}

expected<void> session_rescue::index_approvals() {
  auto writer = session_writer::over(to_);
  if (!writer)
    return writer.error();
  auto waiting = to_.prepare(std::string{"SELECT "} + session_column_names +
                             " FROM sessions WHERE approvals<>''");
  if (!waiting)
    return waiting.error();
  for (;;) {
    const auto there = waiting->step();
    if (!there)
      return there.error();
    if (!*there)
      return {};
    const auto session = read_session_row(*waiting);
    for (const auto& id : session.approvals) {
      if (auto done = writer->put_approval(id, session); !done)
        return done;
    }
  }
}

}  // namespace

database_schema session_kind::schema() const {
  return session_schema();
}

std::vector<std::string> session_kind::own_tables() const {
  return {"sessions", "approvals"};
}

std::vector<rescued_table> session_kind::tables(sqlite_database&) const {
  return {
      {.name = "sessions",
       .number = "seq",
       .columns = session_column_names,
       .column_count = session_column_count},
      {.name = "events",
       .number = "at",
       .columns = "at,sum,data",
       .column_count = 3,
       .shift = session_event_bits},
      {.name = "spending",
       .number = "seq",
       .columns = spending_column_names,
       .column_count = spending_column_count,
       .is_newer = true},
  };
}

/// A session that its name does not lead to would be none.
expected<void> session_kind::check(sqlite_database& database) const {
  auto checked = database.prepare("PRAGMA integrity_check('sessions')");
  if (!checked)
    return checked.error();
  const auto row = checked->step();
  if (!row)
    return row.error();
  const std::string said{*row ? checked->text(0) : "nothing"};
  if (said != "ok")
    return error{errc::corrupt, "an index does not fit its table: " + said};
  return {};
}

expected<saved_rows> session_kind::rescue(sqlite_database& from, sqlite_database& to) const {
  return session_rescue{from, to}.run(tables(from));
}

}  // namespace libagent
