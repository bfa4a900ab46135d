#include "apps/lab/faults/power_cut.hpp"

#include "libagent/adapters/sqlite.hpp"

#include "tests/support/shimmed_child.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <unistd.h>

using namespace libagent;
using libagent::lab::apply_power_cut;
using libagent::testing::by_kill;
using libagent::testing::ended_by_kill;
using libagent::testing::is_shim_usable;
using libagent::testing::recording_plan;
using libagent::testing::shimmed_child;
using libagent::testing::temporary_folder;

namespace {

/// The file that the roles work on.
int open_cut_file(int flags) {
  return ::open("watched.data", flags | O_CLOEXEC, 0600);
}

bool append_text(int file, std::string_view text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// "old " on disk, then changes of every kind that are not.
int change_without_sync() {
  const int file = open_cut_file(O_RDWR | O_CREAT);
  if (!append_text(file, "old content, synced") || ::fsync(file) != 0)
    return 1;
  std::array<iovec, 2> pieces{{{.iov_base = const_cast<char*>("ab"), .iov_len = 2},
                               {.iov_base = const_cast<char*>("cd"), .iov_len = 2}}};
  if (::pwrite(file, "NEW", 3, 0) != 3 || ::writev(file, pieces.data(), 2) != 4 ||
      ::ftruncate(file, 5) != 0 || ::pwritev(file, pieces.data(), 2, 3) != 4)
    return 2;
  const int again = open_cut_file(O_WRONLY | O_TRUNC);
  return append_text(again, "!") && ::posix_fallocate(again, 0, 100) == 0 ? by_kill : 3;
}

int change_and_sync() {
  const int file = open_cut_file(O_RDWR | O_CREAT);
  const bool is_done = append_text(file, "first") && ::fdatasync(file) == 0 &&
                       append_text(file, " second") && ::fdatasync(file) == 0 &&
                       append_text(file, " third");
  return is_done ? by_kill : 1;
}

/// Removes a file and makes another one, which may get the number of the first.
int replace_file() {
  const int file = open_cut_file(O_RDWR | O_CREAT);
  if (!append_text(file, "of the first") || ::close(file) != 0 || ::unlink("watched.data") != 0)
    return 1;
  const int second = open_cut_file(O_RDWR | O_CREAT);
  return append_text(second, "of the second") && ::fsync(second) == 0 ? by_kill : 2;
}

/// Commits rows one by one and tells of each when it is committed.
int insert_rows(const std::string& synchronous) {
  auto opened = sqlite_database::open("watched.db", sqlite_database::access::write);
  if (!opened || !opened->execute("PRAGMA journal_mode = WAL") ||
      !opened->execute("PRAGMA synchronous = FULL") ||
      !opened->execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)") ||
      !opened->execute("PRAGMA wal_checkpoint(TRUNCATE)") ||
      !opened->execute("PRAGMA synchronous = " + synchronous))
    return 1;
  for (int i = 1; i <= 300; ++i) {
    if (!opened->execute("INSERT INTO rows VALUES (" + std::to_string(i) +
                         ", hex(randomblob(400)))"))
      return 2;
  }
  return by_kill;
}

shimmed_child power_cut_child(const temporary_folder& home, const std::string& role,
                              const lab::fault_plan& plan) {
  return {home, "[power-cut-child]", role, plan};
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

lab::power_cut_outcome cut_power(const temporary_folder& home,
                                 std::optional<std::uint64_t> seed = {}) {
  const auto outcome = apply_power_cut(
      {.folder = home.path() / "work", .undo_log = home.path() / "undo.log", .seed = seed});
  REQUIRE(outcome);
  return *outcome;
}

/// The rows that a database has after a power cut; -1 when it cannot be read.
std::int64_t rows_after_cut(const temporary_folder& home, const std::string& role,
                            std::optional<std::uint64_t> seed = {}) {
  auto plan = recording_plan(home);
  plan.skips_real_sync = true;
  power_cut_child(home, role, plan).expect_end(ended_by_kill);
  cut_power(home, seed);
  auto opened =
      sqlite_database::open(home.path() / "work/watched.db", sqlite_database::access::write);
  REQUIRE(opened);
  return opened->query_integer("SELECT count(*) FROM rows").value_or(-1);
}

}  // namespace

TEST_CASE("the other end of the power cut's tests", "[.][power-cut-child]") {
  libagent::testing::play_role({{"change_without_sync", change_without_sync},
                                {"change_and_sync", change_and_sync},
                                {"replace_file", replace_file},
                                {"insert_full", [] { return insert_rows("FULL"); }},
                                {"insert_off", [] { return insert_rows("OFF"); }}});
}

TEST_CASE("a power cut takes back every change since the last sync", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  power_cut_child(home, "change_without_sync", recording_plan(home)).expect_end(ended_by_kill);
  REQUIRE(content_of(home.path() / "work/watched.data").size() == 100);
  const auto outcome = cut_power(home);
  CHECK(outcome.unsynced >= 8);
  CHECK(outcome.lost == outcome.unsynced);
  CHECK(content_of(home.path() / "work/watched.data") == "old content, synced");
}

TEST_CASE("a power cut leaves what was synced, and happens once", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  power_cut_child(home, "change_and_sync", recording_plan(home)).expect_end(ended_by_kill);
  const auto file = home.path() / "work/watched.data";
  CHECK(content_of(file) == "first second third");
  CHECK(cut_power(home).lost == 1);
  CHECK(content_of(file) == "first second");
  CHECK(cut_power(home).unsynced == 0);
  CHECK(content_of(file) == "first second");
}

TEST_CASE("a power cut does not take the past of a removed file for that of its successor",
          "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  power_cut_child(home, "replace_file", recording_plan(home)).expect_end(ended_by_kill);
  CHECK(cut_power(home).unsynced == 0);
  CHECK(content_of(home.path() / "work/watched.data") == "of the second");
}

TEST_CASE("a power cut with a seed keeps some changes, the same ones each time", "[lab]") {
  if (!is_shim_usable)
    return;
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    std::array<std::string, 2> results;
    for (auto& result : results) {
      const temporary_folder home;
      power_cut_child(home, "change_without_sync", recording_plan(home)).expect_end(ended_by_kill);
      const auto outcome = cut_power(home, seed);
      CHECK(outcome.lost < outcome.unsynced);
      result = content_of(home.path() / "work/watched.data");
    }
    CHECK(results[0] == results[1]);
    ++seen[results[0]];
  }
  CHECK(seen.size() > 2);
}

TEST_CASE("a damaged undo log is refused, one that is cut off is used", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  power_cut_child(home, "change_and_sync", recording_plan(home)).expect_end(ended_by_kill);
  const auto log = home.path() / "undo.log";
  auto bytes = content_of(log);
  home.write("undo.log", "x" + bytes);
  const auto refused = apply_power_cut({.folder = home.path() / "work", .undo_log = log});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt);
  home.write("undo.log", bytes.substr(0, bytes.size() - 1));
  CHECK(cut_power(home).unsynced == 0);
}

TEST_CASE("SQLite loses nothing to a power cut with full sync", "[lab]") {
  if (!is_shim_usable)
    return;
  CHECK(rows_after_cut(temporary_folder{}, "insert_full") == 300);
  CHECK(rows_after_cut(temporary_folder{}, "insert_full", 7) == 300);
}

TEST_CASE("SQLite loses commits to a power cut without sync", "[lab]") {
  if (!is_shim_usable)
    return;
  const auto rows = rows_after_cut(temporary_folder{}, "insert_off");
  CHECK(rows >= 0);
  CHECK(rows < 300);
}
