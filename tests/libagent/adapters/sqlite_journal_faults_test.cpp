#include "libagent/adapters/journal_bytes.hpp"
#include "libagent/adapters/journal_schema.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_journal.hpp"

#include "tests/support/database_faults.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/journal_conformance.hpp"
#include "tests/support/shared_number.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

using namespace libagent;
using namespace libagent::testing;

namespace {

journal_ptr open_at(const std::filesystem::path& file, journal_sync sync = journal_sync::none) {
  auto opened = open_sqlite_journal({.file = file, .sync = sync});
  INFO((opened ? std::string{} : to_string(opened.error())));
  REQUIRE(opened);
  return std::move(*opened);
}

/// Commits one task after the other until it is killed at the `crash_at`th point.
int commit_until_killed(const std::filesystem::path& file, int crash_at, shared_number& committed) {
  const auto opened = open_sqlite_journal(
      {.file = file, .checkpoint_bytes = 1U << 16U, .crash_point = killed_at_point(crash_at)});
  if (!opened)
    return 1;
  for (std::uint64_t i = committed.get() + 1;; ++i) {
    const std::vector<journal_write> writes{
        write_accepted{task_to_keep(i, std::string(i % 5'000, 'k'))}};
    if (!(*opened)->commit(writes))
      return 2;
    committed.set(i);
  }
}

}  // namespace

TEST_CASE("nothing that was committed is lost when the process is killed at any point",
          "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  shared_number committed;
  for (int crash_at = 1; crash_at <= 40; crash_at += 3) {
    CAPTURE(crash_at);
    // At 1, 4, ... always at the first of three points; so one more or less each time.
    const auto killed = run_in_forked_child(
        [&] { return commit_until_killed(file, crash_at + crash_at / 3 % 3, committed); });
    REQUIRE(killed == -1);
    const auto found = must_load(*open_at(file));
    CHECK(found.damage.empty());
    // One more may be there: it was committed, and the process died before it could say so.
    REQUIRE(found.tasks.size() >= committed.get());
    REQUIRE(found.tasks.size() <= committed.get() + 1);
    for (std::uint64_t i = 1; i <= committed.get(); ++i) {
      CHECK(is_same_task(found.tasks[i - 1].task, task_to_keep(i, std::string(i % 5'000, 'k'))));
    }
    committed.set(found.tasks.size());
  }
  CHECK(committed.get() > 50);
}

TEST_CASE("two processes cannot use one journal", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  const auto kept = open_at(file);
  const auto second = open_sqlite_journal({.file = file});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(second.error().context.find(file.string()) != std::string::npos);
  CHECK(second.error().context.find("process " + std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("a full disk refuses commits, loses nothing, and works again with space", "[journal]") {
  const auto sync = GENERATE(journal_sync::none, journal_sync::interval, journal_sync::group);
  check_full_disk(
      [sync](const std::filesystem::path& file) {
        return open_sqlite_journal({.file = file, .sync = sync, .checkpoint_bytes = 200'000})
            .value();
      },
      [](journal& kept, std::uint64_t n) {
        return kept.commit(std::vector<journal_write>{
            write_accepted{task_to_keep(n + 1, std::string(20'000, 'f'))}});
      },
      [](journal& kept) {
        const auto found = must_load(kept);
        CHECK(found.damage.empty());
        return found.tasks.size();
      });
}

TEST_CASE("a commit waits for another program only so long", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  auto kept = open_at(file);
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  auto other = sqlite_database::open(file, sqlite_database::access::write).value();
  REQUIRE(other.execute("BEGIN IMMEDIATE"));
  const std::vector<journal_write> writes{write_accepted{task_to_keep(2)}};
  const auto refused = kept->commit(writes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error{errc::unavailable, file.string() + " is locked by another program"});
  CHECK(must_find(*kept, numbered_task(1)));  // reading does not wait
  REQUIRE(other.execute("ROLLBACK"));
  must_commit(*kept, writes);
}

TEST_CASE("a journal of the first version is brought up to date with all it has", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  {  // What version 2 does not change is written as it is by version 1.
    auto kept = open_at(file);
    must_commit(*kept, {write_accepted{task_to_keep(1)}, write_accepted{task_to_keep(2)},
                        write_state{numbered_task(2), ended_state(task_state::succeeded)}});
  }
  {
    auto old =
        sqlite_database::open(folder.path() / "old.db", sqlite_database::access::write).value();
    REQUIRE(old.execute("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL"));
    REQUIRE(old.execute(journal_schema().migrations[0]));
    REQUIRE(old.execute("PRAGMA user_version=1; PRAGMA application_id=1818315372"));
    REQUIRE(old.execute("ATTACH '" + file.string() + "' AS new"));
    for (const std::string table : {"tasks", "bodies", "results"})
      REQUIRE(old.execute("INSERT INTO main." + table + " SELECT * FROM new." + table));
    REQUIRE(old.execute(
        "INSERT INTO main.states SELECT seq,state,attempt,failures,owner,started_at,ended_at,"
        "not_before,note,node,cache_outcome,cache_age_ms,failure_code,failure_text,retry_after_ms,"
        "result_bytes,result_sum,sum FROM new.states"));
  }
  auto kept = open_at(folder.path() / "old.db");
  const auto found = must_load(*kept);
  for (const auto& line : found.damage)
    UNSCOPED_INFO(line);
  CHECK(found.damage.empty());
  REQUIRE(found.tasks.size() == 1);
  CHECK(is_same(found.tasks[0], {task_to_keep(1), {}, {}}));
  CHECK(must_find(*kept, numbered_task(2))->now == ended_state(task_state::succeeded));
  must_commit(*kept,
              {write_state{numbered_task(1), full_state()}, write_group{numbered_task(1), "[]"},
               write_schedule{{.id = numbered_task(5), .next_due = 1}}});
  kept.reset();
  const auto after = must_load(*open_at(folder.path() / "old.db"));
  CHECK(is_same(after.tasks.at(0), {task_to_keep(1), full_state(), "[]"}));
  CHECK(after.schedules.size() == 1);
}

TEST_CASE("a journal of a newer program is refused and left as it is", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  must_commit(*open_at(file), {write_accepted{task_to_keep(1)}});
  check_newer_version_refused(
      file, journal_schema().version(),
      [](const std::filesystem::path& newer) { return open_sqlite_journal({.file = newer}); });
  CHECK(must_load(*open_at(file)).tasks.size() == 1);
}

TEST_CASE("the file stays within its bytes, without the oldest ended tasks", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  auto kept = open_sqlite_journal({.file = file,
                                   .sync = journal_sync::none,
                                   .retention = {.bytes = 1U << 20U},
                                   .checkpoint_bytes = 1U << 18U})
                  .value();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});  // lives on
  std::uint64_t largest = 0;
  for (std::uint64_t i = 2; i <= 1'500; ++i) {
    const auto at = journal_start + static_cast<unix_millis>(i);
    must_commit(*kept, {write_accepted{task_to_keep(i, std::string(4'000, 'p'))},
                        write_state{numbered_task(i), ended_state(task_state::succeeded, at)}});
    if (i % 50 == 0) {
      (void)prune_all(*kept, journal_start);
      largest = std::max(largest, kept->stats().file_bytes);
    }
  }
  CHECK(largest < 2U << 20U);
  CHECK(must_find(*kept, numbered_task(1)));
  CHECK(must_find(*kept, numbered_task(1'500)));
  CHECK_FALSE(must_find(*kept, numbered_task(2)));
  CHECK(kept->stats().tasks > 150);
  CHECK(kept->stats().tasks < 260);
  for (std::uint64_t i = 2; i <= 1'500; ++i)
    must_commit(*kept, {write_purged{numbered_task(i)}});
  for (int i = 0; i < 10; ++i)
    (void)prune_all(*kept, journal_start);
  kept.reset();
  CHECK(std::filesystem::file_size(file) < std::uint64_t{1'200'000});
}

TEST_CASE("the file grows with the bodies and little more, whatever their size", "[journal]") {
  const auto size = GENERATE(1'100U, 2'100U, 3'000U, 4'096U, 6'200U, 20'000U);
  const temporary_folder folder;
  auto kept =
      open_sqlite_journal(
          {.file = folder.path() / "journal.db", .sync = journal_sync::none, .checkpoint_bytes = 1})
          .value();
  const auto bytes_with = [&](std::uint64_t first, std::uint64_t count) {
    std::vector<journal_write> writes;
    for (auto i = first; i < first + count; ++i) {
      writes.emplace_back(write_accepted{task_to_keep(i, std::string(size, 'g'))});
      writes.emplace_back(write_state{numbered_task(i), ended_state(task_state::succeeded)});
    }
    must_commit(*kept, writes);
    return std::filesystem::file_size(folder.path() / "journal.db");
  };
  const auto first = bytes_with(1, 2'000);
  const auto second = bytes_with(2'001, 2'000);
  const auto ratio = static_cast<double>(second - first) / (2'000.0 * size);
  CAPTURE(size, first, second, ratio);
  // A task's row, state and entries in indexes take some 330 bytes beside its body.
  CHECK(ratio < 1.12 + 340.0 / size);
}

TEST_CASE("changing a state writes neither body nor result again", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  auto kept = open_sqlite_journal({.file = file, .sync = journal_sync::none}).value();
  auto state = ended_state(task_state::succeeded);
  state.result = raw_json{std::string(300'000, '1')};
  must_commit(*kept, {write_accepted{task_to_keep(1, std::string(500'000, '2'))},
                      write_state{numbered_task(1), state}});
  const auto log_bytes = [&file] { return std::filesystem::file_size(file.string() + "-wal"); };
  const auto before = log_bytes();
  state.note = "looked at";
  must_commit(*kept, {write_state{numbered_task(1), state}});
  CHECK(log_bytes() - before <= 5 * 4'200);
  CHECK(must_find(*kept, numbered_task(1))->now == state);
}
