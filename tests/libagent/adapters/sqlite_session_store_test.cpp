#include "libagent/adapters/sqlite_session_store.hpp"

#include "libagent/adapters/sqlite.hpp"

#include "tests/support/fake_session_store.hpp"
#include "tests/support/session_store_conformance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;

namespace {

session_store_ptr must_open_sessions(const std::filesystem::path& file) {
  auto opened = open_sqlite_session_store({.file = file});
  INFO((opened ? std::string{} : to_string(opened.error())));
  REQUIRE(opened);
  CHECK(opened->damage.empty());
  return std::move(opened->store);
}

}  // namespace

TEST_CASE("a session store in SQLite does what a session store does", "[sessions]") {
  check_session_store([]() -> session_store_opener {
    return [folder = std::make_shared<temporary_folder>()] {
      return must_open_sessions(folder->path() / "sessions.db");
    };
  });
}

TEST_CASE("the session store in memory does what a session store does", "[sessions]") {
  check_session_store([]() -> session_store_opener {
    return [kept = std::make_shared<fake_session_store>()] { return kept; };
  });
}

TEST_CASE("the session store in memory fails when it is told to", "[sessions]") {
  fake_session_store kept;
  const std::vector<session_write> writes{events_of(numbered_session(1), 0, {"{}"})};
  kept.fail_next({errc::unavailable, "full"});
  CHECK(must_refuse(kept, writes).code == errc::unavailable);
  kept.fail_all(error{errc::io_failed, "gone"});
  CHECK(must_refuse(kept, writes).code == errc::io_failed);
  CHECK(kept.load(numbered_session(1)).error().code == errc::io_failed);
  kept.fail_all(std::nullopt);
  must_commit(kept, writes);
  CHECK(kept.commits() == std::vector<std::size_t>{1});
  CHECK(kept.attempts() == 3);
  kept.damage(numbered_session(1));
  CHECK(kept.load(numbered_session(1)).error().code == errc::corrupt);
}

TEST_CASE("only its owner can read a store of sessions", "[sessions]") {
  const temporary_folder folder;
  const auto file = folder.path() / "deeper" / "sessions.db";
  auto kept = must_open_sessions(file);
  must_commit(*kept, {events_of(numbered_session(1), 0, {"{}"})});
  using std::filesystem::perms;
  for (const auto* ending : {"", "-wal"}) {
    const auto mode = std::filesystem::status(file.string() + ending).permissions();
    CHECK(mode == (perms::owner_read | perms::owner_write));
  }
}

TEST_CASE("a session has so many events and no more", "[sessions]") {
  const temporary_folder folder;
  auto kept = must_open_sessions(folder.path() / "sessions.db");
  constexpr std::size_t most = std::size_t{1} << 20U;
  must_commit(*kept, {events_of(numbered_session(1), 0, std::vector<std::string>(most - 1, "1")),
                      events_of(numbered_session(2), 0, {"2"})});
  must_commit(*kept, {events_of(numbered_session(1), most - 1, {"last"})});
  const auto why = must_refuse(*kept, {events_of(numbered_session(1), most, {"too many"})});
  CHECK(why.code == errc::too_large);
  CHECK(must_load(*kept, numbered_session(1))->events.size() == most);
  CHECK(must_load(*kept, numbered_session(2))->events == std::vector<std::string>{"2"});
}

TEST_CASE("a store from before there were budgets in it is brought up to date",
          "[sessions][budgets]") {
  const temporary_folder folder;
  const auto file = folder.path() / "sessions.db";
  must_commit(*must_open_sessions(file), {events_of(numbered_session(1), 0, {"{}"})});
  {
    auto database = sqlite_database::open(file, sqlite_database::access::write).value();
    REQUIRE(database.execute("DROP TABLE spending"));
    REQUIRE(database.execute("PRAGMA user_version=1"));
  }
  const auto kept = must_open_sessions(file);
  CHECK(must_load(*kept, numbered_session(1)));
  CHECK(must_spend(*kept, 9).empty());
  const kept_spending ann{.name = "ann", .day = 9, .spent = {.cost_micro = 5}};
  must_commit(*kept, {keep_spending{{ann}}});
  CHECK(must_spend(*kept, 9) == std::vector<kept_spending>{ann});
}
