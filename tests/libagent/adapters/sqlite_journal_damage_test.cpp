#include "libagent/adapters/database_log.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_journal.hpp"
#include "libagent/base/random.hpp"

#include "tests/support/journal_conformance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;

namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream{file, std::ios::binary}.rdbuf();
  return content.str();
}

void write_content(const std::filesystem::path& file, const std::string& content) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << content;
}

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
  const auto sound = content_of(written.path());
  REQUIRE(sound.size() > 150'000);
  const temporary_folder folder;
  seeded_random random{7};
  std::size_t lost_all = 0;
  for (std::size_t round = 0; round < 100; ++round) {
    auto damaged = sound;
    const auto at = round < 20 ? round * 101 : random() % sound.size();
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random() % 255));
    const auto file = folder.path() / ("journal" + std::to_string(round) + ".db");
    write_content(file, damaged);
    CAPTURE(round, at);
    const auto seen = serve(file, written.tasks);
    CHECK(seen.invented == 0);
    if (seen.reported + seen.missing > 0 && seen.sound < 50)
      ++lost_all;
    CHECK((seen.said_so || seen.missing == 0));
  }
  CHECK(lost_all == 0);
}

TEST_CASE("damaged pages cost the tasks on them, not the others", "[journal]") {
  // The tables begin on the first pages; without one of these a whole table is gone.
  constexpr std::size_t root_pages = 14;
  const written_journal written{200};
  const auto sound = content_of(written.path());
  const temporary_folder folder;
  seeded_random random{11};
  const auto pages = sound.size() / 4'096;
  for (std::size_t round = 0; round < 24; ++round) {
    auto damaged = sound;
    std::string broken;
    for (int i = 0; i < 3; ++i) {
      const auto page =
          round == 0 ? static_cast<std::size_t>(i) : root_pages + random() % (pages - root_pages);
      broken += std::to_string(page) + " ";
      damaged.replace(page * 4'096, 4'096, 4'096, round % 2 == 0 ? '\0' : '\x5A');
    }
    const auto file = folder.path() / ("journal" + std::to_string(round) + ".db");
    write_content(file, damaged);
    CAPTURE(round, broken);
    const auto seen = serve(file, written.tasks);
    CHECK(seen.invented == 0);
    CHECK((seen.said_so || seen.sound == written.tasks.size()));
    if (round != 0)
      CHECK(seen.sound >= 80);
  }
}

TEST_CASE("without the begin of a table every task is named, and none is invented", "[journal]") {
  const written_journal written{200};
  const auto sound = content_of(written.path());
  const temporary_folder folder;
  for (std::size_t page = 0; page < 14; ++page) {
    auto damaged = sound;
    damaged.replace(page * 4'096, 4'096, 4'096, '\0');
    const auto file = folder.path() / ("journal" + std::to_string(page) + ".db");
    write_content(file, damaged);
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
  const auto database = content_of(file);
  const auto log = content_of(file.string() + "-wal");
  constexpr std::size_t frame = 24 + 4'096;
  std::vector<std::size_t> cuts{0, 5, 31};
  for (auto at = std::size_t{32}; at <= log.size(); at += frame)
    cuts.insert(cuts.end(), {at, std::min(at + 1, log.size()), std::min(at + 1'777, log.size())});
  REQUIRE(cuts.size() > 3 * commits);
  std::uint64_t before = 0;
  std::ranges::sort(cuts);
  for (const auto cut : cuts) {
    const auto copy = folder.path() / ("cut" + std::to_string(cut) + ".db");
    write_content(copy, database);
    write_content(copy.string() + "-wal", log.substr(0, cut));
    CAPTURE(cut);
    auto opened = open_sqlite_journal({.file = copy, .sync = journal_sync::none}).value();
    const auto found = must_load(*opened);
    CHECK(found.damage.empty());
    const std::uint64_t survived = found.tasks.size();
    CHECK(survived >= before);
    before = survived;
    for (std::uint64_t i = 0; i < survived; ++i)
      CHECK(
          is_same(found.tasks[i], {task_to_keep(i + 1, std::string((i + 1) * 300, 'b')), {}, {}}));
  }
  CHECK(before == commits);
}

TEST_CASE("a log that is damaged in the middle is reported with what it costs", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  auto kept = open_sqlite_journal({.file = file}).value();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  const auto begin = std::filesystem::file_size(file.string() + "-wal");
  for (std::uint64_t i = 2; i <= 5; ++i)
    must_commit(*kept, {write_accepted{task_to_keep(i)}});
  auto log = content_of(file.string() + "-wal");
  CHECK(unreadable_commits(file.string() + "-wal") == 0);
  log[begin + 100] = static_cast<char>(log[begin + 100] ^ 1);
  const auto copy = folder.path() / "copy.db";
  write_content(copy, content_of(file));
  write_content(copy.string() + "-wal", log);
  CHECK(unreadable_commits(copy.string() + "-wal") == 4);
  const auto opened = open_sqlite_journal({.file = copy}).value();
  const auto found = must_load(*opened);
  CHECK(ids_of(found.tasks) == numbered_tasks({1}));
  REQUIRE(found.damage.size() == 1);
  CHECK(found.damage[0].find("the last 4 commits in it are lost") != std::string::npos);
  CHECK(content_of(copy.string() + ".damaged-wal") == log);
}

TEST_CASE("what is no journal is refused and left as it is", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "other.db";
  SECTION("text") {
    folder.write("other.db", std::string(3 * 4'096, 't'));
  }
  SECTION("another program's database") {
    auto other = sqlite_database::open(file, sqlite_database::access::write).value();
    REQUIRE(other.execute("CREATE TABLE notes(text); INSERT INTO notes VALUES('mine')"));
  }
  const auto before = content_of(file);
  const auto opened = open_sqlite_journal({.file = file});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
  CHECK(opened.error().context.find(file.string()) != std::string::npos);
  CHECK(content_of(file).substr(0, 18) == before.substr(0, 18));
  CHECK_FALSE(std::filesystem::exists(file.string() + ".damaged"));
}
