#include "libagent/adapters/session_writer.hpp"

#include "libagent/adapters/session_schema.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <variant>

namespace libagent {

namespace {

// One call of `prune` removes no more: some milliseconds of work between commits.
constexpr std::size_t pruned_sessions_max = 64;
constexpr std::int64_t pruned_events_max = 2'048;

std::uint64_t bytes_in(std::span<const std::string> events) {
  std::uint64_t sum = 0;
  for (const auto& event : events)
    sum += event.size();
  return sum;
}

error other_writer(const append_events& what, std::uint64_t stored) {
  return {errc::already_exists, "append to session " + text_of(what.name) + ": event " +
                                    std::to_string(what.first) + " is not the next one, " +
                                    std::to_string(stored) + "; there is another writer"};
}

bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::ranges::find(list, one) != list.end();
}

}  // namespace

expected<session_writer> session_writer::over(sqlite_database& database) {
  auto heads = session_heads::over(database);
  if (!heads)
    return std::move(heads.error());
  auto events = session_events::over(database);
  if (!events)
    return std::move(events.error());
  auto spending = spending_rows::over(database);
  if (!spending)
    return std::move(spending.error());
  session_writer made{std::move(*heads), std::move(*events), std::move(*spending)};
  const std::array<std::pair<sqlite_statement*, const char*>, 4> statements{{
      {&made.find_approval_, "SELECT seq FROM approvals WHERE id=?1"},
      {&made.put_approval_, "INSERT OR REPLACE INTO approvals(id,seq) VALUES(?1,?2)"},
      {&made.remove_approval_, "DELETE FROM approvals WHERE id=?1"},
      {&made.remove_approvals_of_, "DELETE FROM approvals WHERE seq=?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  // Rows without a head count too: a number that they have must not be given to another session.
  const auto highest = database.query_integer(
      "SELECT max(ifnull((SELECT max(seq) FROM sessions), 0),"
      "ifnull((SELECT max(at) FROM events), 0) >> " +
      std::to_string(session_event_bits) + ")");
  if (!highest)
    return highest.error();
  made.next_seq_ = *highest + 1;
  return made;
}

expected<void> session_writer::apply(const session_write& write) {
  return std::visit([this](const auto& what) { return this->write(what); }, write);
}

expected<void> session_writer::write(const append_events& what) {
  const auto before = heads_.find(what.name);
  if (!before)
    return before.error();
  if (!*before) {
    if (what.first > 0)
      return other_writer(what, 0);
    return what.events.empty() ? expected<void>{} : append_to(nullptr, what);
  }
  if (!(*before)->is_sound) {
    return error{errc::corrupt,
                 "append to session " + text_of(what.name) + ": its head is damaged"};
  }
  if (what.first != (*before)->head.events)
    return pass_over(**before, what);
  return append_to(&**before, what);
}

/// Goes on after `before`; null: there is no such session yet.
expected<void> session_writer::append_to(const session_row* before, const append_events& what) {
  if (what.first + what.events.size() > session_events_max) {
    return error{errc::too_large, "append to session " + text_of(what.name) + ": it would have " +
                                      std::to_string(what.first + what.events.size()) +
                                      " events, at most " + std::to_string(session_events_max) +
                                      " are kept"};
  }
  session_row now;
  if (before != nullptr) {
    now = *before;
  } else {
    now = {.seq = next_seq_++, .head = {.name = what.name, .created_at = what.at}, .approvals = {}};
  }
  now.head.agent = what.agent;
  now.head.changed_at = what.at;
  now.head.events += what.events.size();
  now.head.bytes += bytes_in(what.events);
  now.head.has_open_turn = what.has_open_turn;
  now.approvals = what.approvals;
  if (auto done = events_.put(now.seq, what.first, what.events); !done)
    return done;
  const std::vector<std::string> none;
  if (auto done = replace_approvals(before != nullptr ? before->approvals : none, now); !done)
    return done;
  added_.sessions += before == nullptr ? 1 : 0;
  added_.events += static_cast<std::int64_t>(what.events.size());
  return before != nullptr ? heads_.update(now) : heads_.insert(now);
}

/// It was applied before and the answer was lost, or somebody else writes.
expected<void> session_writer::pass_over(const session_row& before, const append_events& what) {
  const auto stored = before.head.events;
  if (what.first > stored || what.events.size() > stored - what.first)
    return other_writer(what, stored);
  const auto events = events_.get(before.seq, what.first, what.events.size());
  if (!events) {
    return error{events.error().code,
                 "append to session " + text_of(what.name) + ": " + events.error().context};
  }
  return *events == what.events ? expected<void>{} : other_writer(what, stored);
}

expected<void> session_writer::replace_approvals(const std::vector<std::string>& before,
                                                 const session_row& now) {
  for (const auto& id : before) {
    if (contains(now.approvals, id))
      continue;
    if (auto done = remove_approval(id); !done)
      return done;
  }
  for (const auto& id : now.approvals) {
    if (contains(before, id))
      continue;
    if (auto done = put_approval(id, now); !done)
      return done;
  }
  return {};
}

expected<std::int64_t> session_writer::session_of_approval(const std::string& id) {
  find_approval_.bind(1, std::string_view{id});
  const auto there = find_approval_.step();
  if (!there)
    return there.error();
  const auto seq = *there ? find_approval_.integer(0) : 0;
  find_approval_.reset();
  return seq;
}

expected<void> session_writer::put_approval(const std::string& id, const session_row& session) {
  const auto other = session_of_approval(id);
  if (!other)
    return other.error();
  if (*other != 0 && *other != session.seq) {
    return error{errc::already_exists, "keep an approval of session " + text_of(session.head.name) +
                                           ": another session has one of this id"};
  }
  put_approval_.bind(1, std::string_view{id});
  put_approval_.bind(2, session.seq);
  return put_approval_.run();
}

expected<void> session_writer::remove_approval(const std::string& id) {
  remove_approval_.bind(1, std::string_view{id});
  return remove_approval_.run();
}

expected<void> session_writer::write(const erase_session& what) {
  const auto session = heads_.find(what.name);
  if (!session)
    return session.error();
  return *session ? remove(**session) : expected<void>{};
}

expected<void> session_writer::write(const keep_spending& what) {
  for (const auto& row : what.rows) {
    if (auto done = spending_.put(row); !done)
      return done;
  }
  return {};
}

expected<void> session_writer::remove(const session_row& session) {
  for (const auto& id : session.approvals) {
    if (auto done = remove_approval(id); !done)
      return done;
  }
  if (!session.is_sound) {  // What its head said of approvals is unknown.
    remove_approvals_of_.bind(1, session.seq);
    if (auto done = remove_approvals_of_.run(); !done)
      return done;
  }
  const auto events = events_.remove(session.seq);
  if (!events)
    return events.error();
  added_.sessions -= 1;
  added_.events -= static_cast<std::int64_t>(*events);
  return heads_.remove(session.seq);
}

expected<std::size_t> session_writer::prune(unix_millis unchanged_since) {
  const auto numbers = heads_.unchanged_since(unchanged_since, pruned_sessions_max);
  if (!numbers)
    return numbers.error();
  const auto before = added_.events;
  std::size_t removed = 0;
  for (const auto seq : *numbers) {
    const auto session = heads_.find(seq);
    if (!session)
      return session.error();
    if (!*session)
      return error{errc::corrupt, "remove old sessions: an index names one that is not there"};
    if (auto gone = remove(**session); !gone)
      return gone.error();
    ++removed;
    if (before - added_.events >= pruned_events_max)
      break;
  }
  return removed;
}

}  // namespace libagent
