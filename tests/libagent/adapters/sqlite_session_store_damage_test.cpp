#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"
#include "libagent/base/random.hpp"

#include "tests/support/database_damage.hpp"
#include "tests/support/session_store_conformance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;

namespace {

/// A store of `count` sessions with some events each, and what it should hold.
struct written_sessions {
  temporary_folder folder;
  std::map<session_name, std::vector<std::string>> events;

  explicit written_sessions(std::uint64_t count) {
    auto kept = open_sqlite_session_store({.file = path()}).value().store;
    seeded_random random{count};
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
      std::vector<session_write> writes;
      for (std::uint64_t i = 1; i <= count; ++i) {
        const auto name = numbered_session(i, i % 2 == 0 ? "even" : "odd");
        auto& all = events[name];
        auto append = events_of(name, all.size(), {});
        for (auto more = random() % 4 + 1; more > 0; --more)
          append.events.push_back(std::to_string(i) + std::string(random() % 1'200, 'e'));
        all.insert(all.end(), append.events.begin(), append.events.end());
        if (turn == 2 && i % 10 == 0)
          append.approvals = {"a" + std::to_string(i)};
        writes.emplace_back(std::move(append));
      }
      must_commit(*kept, writes);
    }
  }

  [[nodiscard]] std::filesystem::path path() const { return folder.path() / "sessions.db"; }
};

/// What became of the sessions of a damaged copy.
struct seen_sessions {
  std::size_t sound = 0;
  std::size_t corrupt = 0;
  std::size_t missing = 0;
  std::size_t invented = 0;
  bool said_so = false;
};

void look_at(session_store& kept, const session_name& name, const std::vector<std::string>& was,
             seen_sessions& seen) {
  const auto found = kept.load(name);
  if (!found) {
    CHECK(found.error().code == errc::corrupt);
    CHECK(found.error().context.find(name.id) != std::string::npos);
    ++seen.corrupt;
  } else if (!*found) {
    ++seen.missing;
  } else if ((*found)->events == was && (*found)->head.events == was.size()) {
    ++seen.sound;
  } else {
    ++seen.invented;
  }
}

/// Opens what was damaged and compares all it serves with what was written.
seen_sessions look_at_all(const std::filesystem::path& file, const written_sessions& written) {
  seen_sessions seen;
  auto opened = open_sqlite_session_store({.file = file});
  if (!opened) {
    return {.missing = written.events.size(), .said_so = true};
  }
  seen.said_so = !opened->damage.empty();
  for (const auto& [name, was] : written.events)
    look_at(*opened->store, name, was, seen);
  // It can be gone on with; what is damaged can be erased and begun anew.
  const auto& first = written.events.begin()->first;
  must_commit(*opened->store, {events_of(numbered_session(1'000'000), 0, {"new"}),
                               erase_session{first}, events_of(first, 0, {"anew"})});
  opened->store.reset();
  opened = open_sqlite_session_store({.file = file});
  REQUIRE(opened);
  for (const auto& line : opened->damage)
    UNSCOPED_INFO(line);
  CHECK(opened->damage.empty());  // a second start has nothing more to say
  CHECK(must_load(*opened->store, first)->events == std::vector<std::string>{"anew"});
  return seen;
}

}  // namespace

TEST_CASE("a damaged byte costs one session, which is named, or is said at the start",
          "[sessions]") {
  const written_sessions written{80};
  const auto sound = database_bytes(written.path());
  REQUIRE(sound.size() > 200'000);
  std::size_t hurt = 0;
  for_each_damaged_byte(sound, 90, [&](const std::filesystem::path& file) {
    const auto seen = look_at_all(file, written);
    CHECK(seen.invented == 0);
    CHECK((seen.said_so || seen.missing == 0));
    CHECK((seen.said_so || seen.corrupt <= 1));
    hurt += seen.corrupt > 0 ? 1 : 0;
  });
  CHECK(hurt > 20);
}

TEST_CASE("damaged pages cost the sessions on them, not the others", "[sessions]") {
  constexpr std::size_t root_pages = 8;
  const written_sessions written{200};
  for_each_damaged_pages(database_bytes(written.path()), root_pages,
                         [&](const std::filesystem::path& file, bool hurts_tables) {
                           const auto seen = look_at_all(file, written);
                           CHECK(seen.invented == 0);
                           CHECK((seen.said_so || seen.sound == written.events.size()));
                           CHECK((hurts_tables || seen.sound >= 100));
                         });
}

TEST_CASE("a damaged event is named with its session; others are served", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  {
    const auto kept = open_sqlite_session_store({.file = file}).value().store;
    auto waits = events_of(numbered_session(1), 0, {"first", "second", "third"});
    waits.approvals = {"a1"};
    must_commit(*kept, {waits, events_of(numbered_session(2), 0, {"other"})});
  }
  auto content = database_bytes(file);
  const auto at = content.find("second");
  REQUIRE(at != std::string::npos);
  content[at] = 'S';
  write_database_bytes(file, content);
  const auto opened = open_sqlite_session_store({.file = file}).value();
  CHECK(opened.damage.empty());
  auto& kept = *opened.store;
  const auto refused = kept.load(numbered_session(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == error{errc::corrupt, "load session s1 of someone: event 1 is damaged"});
  CHECK(must_load(kept, numbered_session(2))->events == std::vector<std::string>{"other"});
  CHECK(must_find(kept, "a1") == numbered_session(1));
  // What comes after the damage can still be appended.
  must_commit(kept, {events_of(numbered_session(1), 3, {"fourth"})});
  CHECK(must_refuse(kept, {events_of(numbered_session(1), 1, {"second"})}).code == errc::corrupt);
  must_commit(kept, {events_of(numbered_session(2), 1, {"more"})});
  must_commit(kept, {erase_session{numbered_session(1)}});
  CHECK_FALSE(must_load(kept, numbered_session(1)));
}

TEST_CASE("a damaged head is left out of lists, said when loaded, and can be erased",
          "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  {
    const auto kept = open_sqlite_session_store({.file = file}).value().store;
    auto waits = events_of(numbered_session(1), 0, {"1"});
    waits.approvals = {"a1"};
    must_commit(*kept, {waits, events_of(numbered_session(2), 0, {"2"})});
  }
  {
    auto database = sqlite_database::open(file, sqlite_database::access::write).value();
    REQUIRE(database.execute("UPDATE sessions SET events=7 WHERE id='s1'"));
  }
  const auto opened = open_sqlite_session_store({.file = file}).value();
  auto& kept = *opened.store;
  CHECK(kept.load(numbered_session(1)).error() ==
        error{errc::corrupt, "load session s1 of someone: its head is damaged"});
  CHECK(must_list(kept, {}) == std::vector<std::string>{"s2"});
  CHECK(must_refuse(kept, {events_of(numbered_session(1), 1, {"2"})}).code == errc::corrupt);
  CHECK_FALSE(must_find(kept, "a1"));
  must_commit(kept, {erase_session{numbered_session(1)}});
  auto anew = events_of(numbered_session(3), 0, {"3"});
  anew.approvals = {"a1"};
  must_commit(kept, {anew});
  CHECK(must_find(kept, "a1") == numbered_session(3));
  CHECK_FALSE(must_load(kept, numbered_session(1)));
}

TEST_CASE("of a log of sessions cut anywhere, exactly the first commits survive", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  constexpr std::uint64_t commits = 12;
  const auto kept = open_sqlite_session_store({.file = file}).value().store;
  for (std::uint64_t i = 0; i < commits; ++i)
    must_commit(*kept, {events_of(numbered_session(1), i, {std::string(i * 300, 'c')})});
  check_log_cuts(file, commits, [](const std::filesystem::path& copy) {
    const auto opened = open_sqlite_session_store({.file = copy}).value();
    CHECK(opened.damage.empty());
    const auto found = must_load(*opened.store, numbered_session(1));
    const std::uint64_t survived = found ? found->events.size() : 0;
    for (std::uint64_t i = 0; i < survived; ++i)
      CHECK(found->events[i] == std::string(i * 300, 'c'));
    return survived;
  });
}

TEST_CASE("what is no store of sessions is refused and left as it is", "[sessions]") {
  check_strangers_refused(
      [](const std::filesystem::path& file) { return open_sqlite_session_store({.file = file}); });
}

TEST_CASE("what was spent is saved from a damaged file, and not believed when it is changed",
          "[sessions][budgets]") {
  const written_sessions written{200};
  const kept_spending ann{.name = "ann", .day = 9, .spent = {.cost_micro = 5, .tokens = 6}};
  auto bob = ann;
  bob.name = "bob";
  {
    const auto kept = open_sqlite_session_store({.file = written.path()}).value().store;
    must_commit(*kept, {keep_spending{{ann, bob}}});
  }
  auto content = database_bytes(written.path());
  content.replace(content.size() / 2 / 4'096 * 4'096, 4'096, 4'096, '\x5A');
  write_database_bytes(written.path(), content);
  {
    const auto opened = open_sqlite_session_store({.file = written.path()}).value();
    CHECK_FALSE(opened.damage.empty());
    CHECK(must_spend(*opened.store, 9) == std::vector<kept_spending>{ann, bob});
  }
  {
    auto database = sqlite_database::open(written.path(), sqlite_database::access::write).value();
    REQUIRE(database.execute("UPDATE spending SET cost_micro=0 WHERE name='ann'"));
  }
  const auto kept = open_sqlite_session_store({.file = written.path()}).value().store;
  CHECK(must_spend(*kept, 9) == std::vector<kept_spending>{bob});
  must_commit(*kept, {keep_spending{{ann}}});
  CHECK(must_spend(*kept, 9) == std::vector<kept_spending>{ann, bob});
}
