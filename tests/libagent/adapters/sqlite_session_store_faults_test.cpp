#include "libagent/adapters/session_schema.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"

#include "tests/support/forked_child.hpp"
#include "tests/support/session_store_conformance.hpp"
#include "tests/support/shared_number.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

using namespace libagent;
using namespace libagent::testing;

namespace {

session_store_ptr open_sessions_at(const std::filesystem::path& file) {
  auto opened = open_sqlite_session_store({.file = file});
  INFO((opened ? std::string{} : to_string(opened.error())));
  REQUIRE(opened);
  for (const auto& line : opened->damage)
    UNSCOPED_INFO(line);
  CHECK(opened->damage.empty());
  return std::move(opened->store);
}

// The nth append goes to one of five sessions: which, and what, follow from the number alone.
constexpr std::uint64_t shared_sessions = 5;

session_write nth_append(std::uint64_t n) {
  const auto text = "event " + std::to_string(n) + std::string(n * 37 % 3'000, 'k');
  return events_of(numbered_session(n % shared_sessions), n / shared_sessions, {text});
}

/// How many of the first appends there are; a session that has others fails the test.
std::uint64_t appends_in(session_store& kept) {
  std::uint64_t sum = 0;
  for (std::uint64_t session = 0; session < shared_sessions; ++session) {
    const auto found = must_load(kept, numbered_session(session));
    const auto events = found ? found->events : std::vector<std::string>{};
    for (std::uint64_t i = 0; i < events.size(); ++i) {
      const auto written = std::get<append_events>(nth_append(i * shared_sessions + session));
      REQUIRE(events[i] == written.events.front());
    }
    sum += events.size();
  }
  return sum;
}

/// Appends in groups of three until it is killed at the `crash_at`th point.
int append_until_killed(const std::filesystem::path& file, int crash_at, shared_number& committed) {
  int points = 0;
  sqlite_session_options options{.file = file, .checkpoint_bytes = 1U << 16U};
  options.crash_point = [&points, crash_at](std::string_view) {
    if (++points == crash_at)
      ::kill(::getpid(), SIGKILL);
  };
  const auto opened = open_sqlite_session_store(options);
  if (!opened)
    return 1;
  for (auto n = committed.get();; n += 3) {
    const std::vector<session_write> group{nth_append(n), nth_append(n + 1), nth_append(n + 2)};
    if (!opened->store->commit(group))
      return 2;
    committed.set(n + 3);
  }
}

std::uint64_t append_until_refused(session_store& kept, std::uint64_t from, error& why) {
  for (auto n = from;; ++n) {
    const std::vector<session_write> writes{
        events_of(numbered_session(n), 0, {std::string(20'000, 'f')})};
    const auto done = kept.commit(writes);
    if (done)
      continue;
    why = done.error();
    return n;
  }
}

}  // namespace

TEST_CASE("no session loses what was committed when the process is killed at any point",
          "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  shared_number committed;
  for (int round = 0; round < 15; ++round) {
    CAPTURE(round);
    // Each of the three points of a commit has its turn.
    const auto crash_at = 3 * round + 1 + round % 3;
    const auto killed =
        run_in_forked_child([&] { return append_until_killed(file, crash_at, committed); });
    REQUIRE(killed == -1);
    const auto there = appends_in(*open_sessions_at(file));
    // One group more may be there: it was committed, and the process died before it could say so.
    REQUIRE((there == committed.get() || there == committed.get() + 3));
    committed.set(there);
  }
  CHECK(committed.get() > 200);
}

TEST_CASE("two processes cannot use one store of sessions", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  const auto kept = open_sessions_at(file);
  const auto second = open_sqlite_session_store({.file = file});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(second.error().context.find(file.string()) != std::string::npos);
}

TEST_CASE("a full disk refuses appends, loses nothing, and works again with space", "[sessions]") {
  const temporary_folder folder;
  const small_disk disk{folder.path()};
  if (!disk.is_mounted()) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  folder.write("ballast", std::string(300'000, 'b'));
  const auto file = folder.path() / "sessions.db";
  auto opened = open_sqlite_session_store({.file = file, .checkpoint_bytes = 200'000});
  REQUIRE(opened);
  error why;
  const auto appended = append_until_refused(*opened->store, 0, why);
  REQUIRE(appended >= 5);
  CHECK(why == error{errc::unavailable, "no space left on the disk of " + file.string()});
  CHECK(must_list(*opened->store, {}).size() == appended);
  CHECK(must_load(*opened->store, numbered_session(appended - 1)));
  std::filesystem::remove(folder.path() / "ballast");
  error again;
  const auto more = append_until_refused(*opened->store, appended, again);
  CHECK(more > appended);
  CHECK(again == why);
  opened->store.reset();
  disk.grow();  // a start needs a little room
  CHECK(open_sessions_at(file)->stats().sessions == more);
}

TEST_CASE("an append waits for another program only so long", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  auto kept = open_sessions_at(file);
  must_commit(*kept, {events_of(numbered_session(1), 0, {"1"})});
  auto other = sqlite_database::open(file, sqlite_database::access::write).value();
  REQUIRE(other.execute("BEGIN IMMEDIATE"));
  const std::vector<session_write> writes{events_of(numbered_session(2), 0, {"2"})};
  CHECK(must_refuse(*kept, writes) ==
        error{errc::unavailable, file.string() + " is locked by another program"});
  CHECK(kept->prune(sessions_start).error().code == errc::unavailable);
  CHECK(must_load(*kept, numbered_session(1)));  // reading does not wait
  REQUIRE(other.execute("ROLLBACK"));
  must_commit(*kept, writes);
}

TEST_CASE("a store of a newer program is refused and left as it is", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  must_commit(*open_sessions_at(file), {events_of(numbered_session(1), 0, {"1"})});
  const auto set_version = [&file](std::int64_t version) {
    auto database = sqlite_database::open(file, sqlite_database::access::write).value();
    REQUIRE(database.execute("PRAGMA user_version=" + std::to_string(version)));
  };
  set_version(session_schema().version() + 1);
  const auto refused = open_sqlite_session_store({.file = file});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().context.find("use a newer program") != std::string::npos);
  set_version(session_schema().version());
  CHECK(must_load(*open_sessions_at(file), numbered_session(1)));
}

TEST_CASE("the file of sessions shrinks when they are gone", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  auto kept = open_sessions_at(file);
  std::vector<session_write> writes;
  for (std::uint64_t i = 0; i < 2'000; ++i)
    writes.emplace_back(events_of(numbered_session(i), 0, {std::string(4'000, 's')}));
  must_commit(*kept, writes);
  const auto before = kept->stats().file_bytes;
  CHECK(before > std::uint64_t{8'000'000});
  CHECK(prune_sessions(*kept, sessions_start + 1) == 2'000);
  for (int i = 0; i < 10; ++i)
    (void)kept->prune(sessions_start);
  kept.reset();
  CHECK(std::filesystem::file_size(file) < std::uint64_t{1'500'000});
}
