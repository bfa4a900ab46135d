#include "libagent/adapters/database_log.hpp"
#include "libagent/adapters/sqlite_journal.hpp"
#include "libagent/base/random.hpp"

#include "tests/support/database_damage.hpp"
#include "tests/support/journal_conformance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

using namespace libagent;
using namespace libagent::testing;

namespace {

/// The tables begin on the first pages.
constexpr std::size_t journal_root_pages = 14;

/// A journal of `count` tasks, every third of which has ended, and what it should hold.
struct written_journal {
  temporary_folder folder;
  std::map<task_id, stored_task> tasks;

  explicit written_journal(std::uint64_t count) {
    auto kept = open_sqlite_journal({.file = path(), .sync = journal_sync::none}).value();
    seeded_random random{count};
    for (std::uint64_t i = 1; i <= count; ++i) {
      stored_task one{task_to_keep(i, std::string(random() % 6'000, 'a' + char(i % 26))), {}, {}};
      must_commit(*kept, {write_accepted{one.task}});
      if (i % 3 == 0) {
        one.now = ended_state(task_state::succeeded);
        one.now.result = raw_json{std::string(random() % 3'000, 'x')};
        must_commit(*kept, {write_state{one.task.id, one.now}});
      }
      tasks.emplace(one.task.id, one);
    }
  }

  [[nodiscard]] std::filesystem::path path() const { return folder.path() / "journal.db"; }
};

bool was_reported(const stored_task& kept) {
  return kept.now.failure && kept.now.failure->code == errc::corrupt;
}

/// What became of the tasks of a damaged copy.
struct served {
  std::size_t sound = 0;
  std::size_t reported = 0;
  std::size_t missing = 0;
  std::size_t invented = 0;
  bool said_so = false;
};

/// Opens what was damaged and compares all it serves with what was written.
served serve(const std::filesystem::path& file, const std::map<task_id, stored_task>& written) {
  served seen;
  auto opened = open_sqlite_journal({.file = file, .sync = journal_sync::none});
  if (!opened)
    return {.missing = written.size(), .said_so = true};
  auto& kept = **opened;
  const auto found = kept.load();
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  seen.said_so = !found->damage.empty();
  for (const auto& task : found->tasks) {
    const auto was = written.find(task.task.id);
    if (was == written.end() || (!is_same(was->second, task) && !was_reported(task)))
      ++seen.invented;
  }
  for (const auto& [id, was] : written) {
    const auto task = kept.find(id);
    REQUIRE(task);
    if (!*task) {
      ++seen.missing;
    } else if (was_reported(**task)) {
      ++seen.reported;
    } else if (is_same(**task, was)) {
      ++seen.sound;
    } else {
      ++seen.invented;
    }
  }
  // It can be gone on with, and a second start has nothing more to say.
  must_commit(kept, {write_accepted{task_to_keep(1'000'000)}});
  opened->reset();
  const auto again = open_sqlite_journal({.file = file, .sync = journal_sync::none}).value();
  const auto second = must_load(*again);
  for (const auto& line : second.damage)
    UNSCOPED_INFO(line);
  CHECK(second.damage.empty());
  return seen;
}

}  // namespace

TEST_CASE("a damaged byte anywhere is reported, and nothing is invented", "[journal]") {
  const written_journal written{60};
  const auto sound = database_bytes(written.path());
  REQUIRE(sound.size() > 150'000);
  std::size_t lost_all = 0;
  for_each_damaged_byte(sound, 100, [&](const std::filesystem::path& file) {
    const auto seen = serve(file, written.tasks);
    CHECK(seen.invented == 0);
    if (seen.reported + seen.missing > 0 && seen.sound < 50)
      ++lost_all;
    CHECK((seen.said_so || seen.missing == 0));
  });
  CHECK(lost_all == 0);
}

TEST_CASE("damaged pages cost the tasks on them, not the others", "[journal]") {
  const written_journal written{200};
  for_each_damaged_pages(database_bytes(written.path()), journal_root_pages,
                         [&](const std::filesystem::path& file, bool hurts_tables) {
                           const auto seen = serve(file, written.tasks);
                           CHECK(seen.invented == 0);
                           CHECK((seen.said_so || seen.sound == written.tasks.size()));
                           CHECK((hurts_tables || seen.sound >= 80));
                         });
}

TEST_CASE("without the begin of a table every task is named, and none is invented", "[journal]") {
  const written_journal written{200};
  const auto sound = database_bytes(written.path());
  const temporary_folder folder;
  for (std::size_t page = 0; page < journal_root_pages; ++page) {
    auto damaged = sound;
    damaged.replace(page * database_page_bytes, database_page_bytes, database_page_bytes, '\0');
    const auto file = folder.path() / ("journal" + std::to_string(page) + ".db");
    write_database_bytes(file, damaged);
    CAPTURE(page);
    const auto seen = serve(file, written.tasks);
    CHECK(seen.invented == 0);
    CHECK(seen.missing == 0);
    CHECK((seen.said_so || seen.sound == written.tasks.size()));
  }
}

TEST_CASE("of a log cut anywhere, exactly the first commits survive", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  constexpr std::uint64_t commits = 12;
  auto kept = open_sqlite_journal({.file = file}).value();
  for (std::uint64_t i = 1; i <= commits; ++i)
    must_commit(*kept, {write_accepted{task_to_keep(i, std::string(i * 300, 'b'))}});
  check_log_cuts(file, commits, [](const std::filesystem::path& copy) {
    auto opened = open_sqlite_journal({.file = copy, .sync = journal_sync::none}).value();
    const auto found = must_load(*opened);
    CHECK(found.damage.empty());
    for (std::uint64_t i = 0; i < found.tasks.size(); ++i) {
      CHECK(
          is_same(found.tasks[i], {task_to_keep(i + 1, std::string((i + 1) * 300, 'b')), {}, {}}));
    }
    return found.tasks.size();
  });
}

TEST_CASE("a log that is damaged in the middle is reported with what it costs", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  auto kept = open_sqlite_journal({.file = file}).value();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  const auto begin = std::filesystem::file_size(file.string() + "-wal");
  for (std::uint64_t i = 2; i <= 5; ++i)
    must_commit(*kept, {write_accepted{task_to_keep(i)}});
  auto log = database_bytes(file.string() + "-wal");
  CHECK(unreadable_commits(file.string() + "-wal") == 0);
  log[begin + 100] = static_cast<char>(log[begin + 100] ^ 1);
  const auto copy = folder.path() / "copy.db";
  write_database_bytes(copy, database_bytes(file));
  write_database_bytes(copy.string() + "-wal", log);
  CHECK(unreadable_commits(copy.string() + "-wal") == 4);
  const auto opened = open_sqlite_journal({.file = copy}).value();
  const auto found = must_load(*opened);
  CHECK(ids_of(found.tasks) == numbered_tasks({1}));
  REQUIRE(found.damage.size() == 1);
  CHECK(found.damage[0].find("the last 4 commits in it are lost") != std::string::npos);
  CHECK(database_bytes(copy.string() + ".damaged-wal") == log);
}

TEST_CASE("a journal whose file is damaged while all is in its log loses nothing", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  auto kept = open_sqlite_journal({.file = file}).value();
  for (std::uint64_t i = 1; i <= 5; ++i)
    must_commit(*kept, {write_accepted{task_to_keep(i)}});
  auto bytes = database_bytes(file);
  REQUIRE(bytes.size() == database_page_bytes);
  const auto first = GENERATE(0, 18, 21, 30, 92);
  CAPTURE(first);
  std::fill(bytes.begin() + first, bytes.end(), '\x5A');
  const auto copy = folder.path() / "copy.db";
  write_database_bytes(copy, bytes);
  write_database_bytes(copy.string() + "-wal", database_bytes(file.string() + "-wal"));
  const auto opened = open_sqlite_journal({.file = copy});
  INFO((opened ? std::string{} : to_string(opened.error())));
  REQUIRE(opened);
  const auto found = must_load(**opened);
  CHECK(ids_of(found.tasks) == numbered_tasks({1, 2, 3, 4, 5}));
  for (std::uint64_t i = 0; i < found.tasks.size(); ++i)
    CHECK(is_same(found.tasks[i], {task_to_keep(i + 1), {}, {}}));
}

TEST_CASE("what is no journal is refused and left as it is", "[journal]") {
  check_strangers_refused(
      [](const std::filesystem::path& file) { return open_sqlite_journal({.file = file}); });
}
