#include "apps/lab/faults/fault_shim.hpp"

#include "tests/support/shimmed_child.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::lab::fault_plan;
using libagent::lab::shifted_clock;
using libagent::testing::ended_well;
using libagent::testing::is_shim_usable;
using libagent::testing::recording_plan;
using libagent::testing::shimmed_child;
using libagent::testing::temporary_folder;

namespace {

int open_data(int flags) {
  return ::open("watched.data", flags | O_CLOEXEC, 0600);
}

bool put_text(int file, std::string_view text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
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
    const bool is_written = put_text(watched, "x");
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

shimmed_child shim_child(const temporary_folder& home, const std::string& role,
                         const fault_plan& plan) {
  return {home, "[fault-shim-child]", role, plan};
}

}  // namespace

TEST_CASE("the other end of the fault shim's tests", "[.][fault-shim-child]") {
  libagent::testing::play_role(
      {{"sync_three_times", sync_three_times}, {"fill_disk", fill_disk}, {"tell_time", tell_time}});
}

TEST_CASE("syncs fail from the call on that the plan names, of watched files only", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.sync_fails_from = 2;
  auto late = shim_child(home, "sync_three_times", plan);
  CHECK(late.line() == "ok EIO EIO ok");
  late.expect_end(ended_well);
  plan.sync_fails_from = 0;
  plan.sync_fails_while = home.path() / "flag";
  CHECK(shim_child(home, "sync_three_times", plan).line() == "ok ok ok ok");
  home.write("flag", "");
  CHECK(shim_child(home, "sync_three_times", plan).line() == "EIO EIO EIO ok");
}

TEST_CASE("the disk is full for as long as the flag is there", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.no_space_while = home.path() / "work/full";
  auto child = shim_child(home, "fill_disk", plan);
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
  auto child = shim_child(home, "tell_time", plan);
  CHECK(child.line() == "111");
  child.expect_end(ended_well);
}

TEST_CASE("a program whose faults cannot be injected as planned does not run", "[lab]") {
  if (!is_shim_usable)
    return;
  const temporary_folder home;
  auto plan = recording_plan(home);
  plan.clock_file = home.path() / "missing";
  shim_child(home, "tell_time", plan).expect_end({.code = 86, .signal = std::nullopt});
}
