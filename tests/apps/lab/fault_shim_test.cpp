#include "apps/lab/faults/fault_shim.hpp"

#include "apps/lab/faults/power_cut.hpp"
#include "libagent/adapters/sqlite.hpp"

#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::lab::apply_power_cut;
using libagent::lab::fault_environment;
using libagent::lab::fault_plan;
using libagent::lab::fault_shim_library;
using libagent::lab::shifted_clock;
using libagent::testing::child_process;
using libagent::testing::exit_status;
using libagent::testing::temporary_folder;

namespace {

constexpr auto patience = 30s;

// A sanitizer's library has to come before any other, and replaces the same calls.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_shim_usable = false;
#else
constexpr bool is_shim_usable = true;
#endif

/// What this program does when it is started under the shim, by name. It works in the current
/// folder and ends by SIGKILL, so that nothing is flushed or closed; 0 to 255 ends it with that
/// status.
using child_role = int (*)();

constexpr int killed = -1;

int open_data(int flags) {
  return ::open("watched.data", flags | O_CLOEXEC, 0600);  // NOLINT(hicpp-signed-bitwise)
}

bool put(int file, std::string_view text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// "old " on disk, then changes of every kind that are not.
int change_without_sync() {
  const int file = open_data(O_RDWR | O_CREAT);
  if (!put(file, "old content, synced") || ::fsync(file) != 0)
    return 1;
  std::array<iovec, 2> pieces{{{.iov_base = const_cast<char*>("ab"), .iov_len = 2},
                               {.iov_base = const_cast<char*>("cd"), .iov_len = 2}}};
  if (::pwrite(file, "NEW", 3, 0) != 3 || ::writev(file, pieces.data(), 2) != 4 ||
      ::ftruncate(file, 5) != 0 || ::pwritev(file, pieces.data(), 2, 3) != 4)
    return 2;
  const int again = open_data(O_WRONLY | O_TRUNC);
  return put(again, "!") && ::posix_fallocate(again, 0, 100) == 0 ? killed : 3;
}

int change_and_sync() {
  const int file = open_data(O_RDWR | O_CREAT);
  const bool is_done = put(file, "first") && ::fdatasync(file) == 0 && put(file, " second") &&
                       ::fdatasync(file) == 0 && put(file, " third");
  return is_done ? killed : 1;
}

/// Removes a file and makes another one, which may get the number of the first.
int replace_file() {
  const int file = open_data(O_RDWR | O_CREAT);
  if (!put(file, "of the first") || ::close(file) != 0 || ::unlink("watched.data") != 0)
    return 1;
  const int second = open_data(O_RDWR | O_CREAT);
  return put(second, "of the second") && ::fsync(second) == 0 ? killed : 2;
}

int sync_three_times() {
  const int watched = open_data(O_RDWR | O_CREAT);
  const int other = ::open("other", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::string results;
  for (int i = 0; i < 3; ++i) {
    errno = 0;
    const int failed = i == 1 ? ::fdatasync(watched) : ::fsync(watched);
    results += failed == 0 ? "ok " : errno == EIO ? "EIO " : "? ";
  }
  std::cout << "> " << results << (::fsync(other) == 0 ? "ok" : "failed") << std::endl;
  return 0;
}

int fill_disk() {
  const int watched = open_data(O_RDWR | O_CREAT);
  const auto try_it = [watched] {
    errno = 0;
    const bool is_written = put(watched, "x");
    std::cout << "> " << (is_written ? "ok" : errno == ENOSPC ? "ENOSPC" : "?") << std::endl;
  };
  try_it();
  std::ofstream{"full"} << "1";
  try_it();
  std::filesystem::remove("full");
  try_it();
  return 0;
}

/// Prints what each way to read the clock says, once per line of the offset file's changes.
int tell_time() {
  using seconds = std::chrono::seconds;
  auto clock = shifted_clock::make("clock");
  const auto monotonic = std::chrono::steady_clock::now();
  const auto before = std::chrono::system_clock::now();
  if (!clock || !clock->set(1h))
    return 1;
  const auto after = std::chrono::system_clock::now();
  timeval of_day{};
  ::gettimeofday(&of_day, nullptr);
  const auto base = std::chrono::duration_cast<seconds>(before.time_since_epoch()).count();
  const auto is_hour_later = [base](std::int64_t then) {
    return then - base >= 3600 && then - base < 3660;
  };
  const bool is_all_shifted =
      after - before >= 1h && is_hour_later(of_day.tv_sec) && is_hour_later(::time(nullptr));
  (void)clock->set(-1h - 500ms);
  const auto back = std::chrono::system_clock::now();
  const bool is_steady = std::chrono::steady_clock::now() - monotonic < 60s;
  std::cout << "> " << is_all_shifted << (back < before - 59min) << is_steady << std::endl;
  return 0;
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
  return killed;
}

const std::map<std::string, std::function<int()>>& child_roles() {
  static const std::map<std::string, std::function<int()>> roles{
      {"change_without_sync", change_without_sync},
      {"change_and_sync", change_and_sync},
      {"replace_file", replace_file},
      {"sync_three_times", sync_three_times},
      {"fill_disk", fill_disk},
      {"tell_time", tell_time},
      {"insert_full", [] { return insert_rows("FULL"); }},
      {"insert_off", [] { return insert_rows("OFF"); }}};
  return roles;
}

/// This program in another role, under the shim, in `home`/work.
class shimmed_child {
public:
  shimmed_child(const temporary_folder& home, const std::string& role, const fault_plan& plan)
      : process_{{.words = {std::filesystem::read_symlink("/proc/self/exe").string(),
                            "[fault-shim-child]"},
                  .environment = environment(role, plan),
                  .directory = (home.path() / "work").string()}} {}

  /// What it says next; the test framework has its own say before.
  [[nodiscard]] std::string line() { return process_.wait_for_line("> ", patience).substr(2); }

  void expect_end(const exit_status& wanted) {
    const auto ended = process_.wait(patience);
    INFO(process_.errors());
    REQUIRE(ended == wanted);
  }

private:
  static std::vector<std::pair<std::string, std::string>> environment(const std::string& role,
                                                                      const fault_plan& plan) {
    const auto library = fault_shim_library();
    if (!library)
      throw std::runtime_error{to_string(library.error())};
    auto variables = fault_environment(*library, plan);
    variables.emplace_back("FAULT_TEST_ROLE", role);
    return variables;
  }

  child_process process_;
};

const exit_status is_killed{.code = std::nullopt, .signal = SIGKILL};
const exit_status is_done{.code = 0, .signal = std::nullopt};

fault_plan recording_plan(const temporary_folder& home) {
  std::filesystem::create_directory(home.path() / "work");
  return {.path_part = "watched", .undo_log = home.path() / "undo.log"};
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
  shimmed_child{home, role, plan}.expect_end(is_killed);
  cut_power(home, seed);
  auto opened =
      sqlite_database::open(home.path() / "work/watched.db", sqlite_database::access::write);
  REQUIRE(opened);
  return opened->query_integer("SELECT count(*) FROM rows").value_or(-1);
}

}  // namespace

TEST_CASE("the other end of the fault shim's tests", "[.][fault-shim-child]") {
  const char* const role = std::getenv("FAULT_TEST_ROLE");
  REQUIRE(role != nullptr);
  const int status = child_roles().at(role)();
  if (status == killed)
    ::raise(SIGKILL);
  ::_exit(status);
}

TEST_CASE("a power cut takes back every change since the last sync", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  shimmed_child{home, "change_without_sync", recording_plan(home)}.expect_end(is_killed);
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
  shimmed_child{home, "change_and_sync", recording_plan(home)}.expect_end(is_killed);
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
  shimmed_child{home, "replace_file", recording_plan(home)}.expect_end(is_killed);
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
      shimmed_child{home, "change_without_sync", recording_plan(home)}.expect_end(is_killed);
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
  shimmed_child{home, "change_and_sync", recording_plan(home)}.expect_end(is_killed);
  const auto log = home.path() / "undo.log";
  auto bytes = content_of(log);
  home.write("undo.log", "x" + bytes);
  const auto refused = apply_power_cut({.folder = home.path() / "work", .undo_log = log});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt);
  home.write("undo.log", bytes.substr(0, bytes.size() - 1));
  CHECK(cut_power(home).unsynced == 0);
}

TEST_CASE("syncs fail from the call on that the plan names, of watched files only", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.sync_fails_from = 2;
  shimmed_child late{home, "sync_three_times", plan};
  CHECK(late.line() == "ok EIO EIO ok");
  late.expect_end(is_done);
  plan.sync_fails_from = 0;
  plan.sync_fails_while = home.path() / "flag";
  CHECK(shimmed_child{home, "sync_three_times", plan}.line() == "ok ok ok ok");
  home.write("flag", "");
  CHECK(shimmed_child{home, "sync_three_times", plan}.line() == "EIO EIO EIO ok");
}

TEST_CASE("the disk is full for as long as the flag is there", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.no_space_while = home.path() / "work/full";
  shimmed_child child{home, "fill_disk", plan};
  CHECK(child.line() == "ok");
  CHECK(child.line() == "ENOSPC");
  CHECK(child.line() == "ok");
}

TEST_CASE("the wall clock jumps while a program runs, the monotonic one does not", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.clock_file = home.path() / "work/clock";
  REQUIRE(shifted_clock::make(plan.clock_file));
  shimmed_child child{home, "tell_time", plan};
  CHECK(child.line() == "111");
  child.expect_end(is_done);
}

TEST_CASE("a program whose faults cannot be injected as planned does not run", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.clock_file = home.path() / "missing";
  shimmed_child{home, "tell_time", plan}.expect_end({.code = 86, .signal = std::nullopt});
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
