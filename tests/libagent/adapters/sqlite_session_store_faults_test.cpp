#include "libagent/adapters/session_schema.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"

#include "tests/support/database_faults.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/session_store_conformance.hpp"
#include "tests/support/shared_number.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
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
  const auto opened = open_sqlite_session_store(
      {.file = file, .checkpoint_bytes = 1U << 16U, .crash_point = killed_at_point(crash_at)});
  if (!opened)
    return 1;
  for (auto n = committed.get();; n += 3) {
    const std::vector<session_write> group{nth_append(n), nth_append(n + 1), nth_append(n + 2)};
    if (!opened->store->commit(group))
      return 2;
    committed.set(n + 3);
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
  check_full_disk(
      [](const std::filesystem::path& file) {
        auto opened = open_sqlite_session_store({.file = file, .checkpoint_bytes = 200'000});
        REQUIRE(opened);
        CHECK(opened->damage.empty());
        return std::move(opened->store);
      },
      [](session_store& kept, std::uint64_t n) {
        return kept.commit(std::vector<session_write>{
            events_of(numbered_session(n), 0, {std::string(20'000, 'f')})});
      },
      [](session_store& kept) {
        const auto count = kept.stats().sessions;
        CHECK(must_list(kept, {.limit = 1'000}).size() == count);
        CHECK(must_load(kept, numbered_session(count - 1)));
        return count;
      });
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
  check_newer_version_refused(file, session_schema().version(),
                              [](const std::filesystem::path& newer) {
                                return open_sqlite_session_store({.file = newer});
                              });
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
