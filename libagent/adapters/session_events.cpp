#include "libagent/adapters/session_events.hpp"

#include "libagent/adapters/row_columns.hpp"
#include "libagent/adapters/session_schema.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>
#include <string_view>
#include <utility>

namespace libagent {

namespace {

// What one load takes memory for before it has seen a row.
constexpr std::uint64_t reserved_events_max = 4'096;

std::int64_t row_of_event(std::int64_t seq, std::uint64_t event) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(seq) << session_event_bits) + event);
}

std::int64_t sum_of_event(std::int64_t at, std::string_view data) {
  return row_sum(begin_row_hash("events", at).update(data));
}

error damaged_event(std::uint64_t number, const char* what) {
  return {errc::corrupt, "event " + std::to_string(number) + " is " + what};
}

}  // namespace

expected<session_events> session_events::over(sqlite_database& database) {
  session_events made{database};
  const std::array<std::pair<sqlite_statement*, const char*>, 3> statements{{
      {&made.put_, "INSERT INTO events(at,sum,data) VALUES(?1,?2,?3)"},
      {&made.get_, "SELECT at,sum,data FROM events WHERE at>=?1 AND at<?2 ORDER BY at"},
      {&made.remove_, "DELETE FROM events WHERE at>=?1 AND at<?2"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return made;
}

expected<void> session_events::put(std::int64_t seq, std::uint64_t first,
                                   std::span<const std::string> events) {
  auto at = row_of_event(seq, first);
  for (const auto& event : events) {
    put_.bind(1, at);
    put_.bind(2, sum_of_event(at, event));
    put_.bind_blob(3, event);
    if (auto done = put_.run(); !done)
      return done;
    ++at;
  }
  return {};
}

expected<std::vector<std::string>> session_events::get(std::int64_t seq, std::uint64_t first,
                                                       std::uint64_t count) {
  get_.bind(1, row_of_event(seq, first));
  get_.bind(2, row_of_event(seq, first + count));
  std::vector<std::string> events;
  events.reserve(static_cast<std::size_t>(std::min(count, reserved_events_max)));
  for (;;) {
    const auto there = get_.step();
    if (!there)
      return there.error();
    const auto number = first + events.size();
    if (!*there) {
      return number == first + count ? expected{std::move(events)}
                                     : damaged_event(number, "missing");
    }
    const auto at = get_.integer(0);
    const auto data = get_.blob(2);
    const bool is_next = at == row_of_event(seq, number);
    const bool is_sound = is_next && get_.integer(1) == sum_of_event(at, data);
    if (is_sound) {
      events.emplace_back(data);
      continue;
    }
    get_.reset();
    return damaged_event(number, is_next ? "damaged" : "missing");
  }
}

expected<std::uint64_t> session_events::remove(std::int64_t seq) {
  remove_.bind(1, row_of_event(seq, 0));
  remove_.bind(2, row_of_event(seq + 1, 0));
  if (auto done = remove_.run(); !done)
    return done.error();
  return static_cast<std::uint64_t>(sqlite3_changes(database_->handle()));
}

}  // namespace libagent
