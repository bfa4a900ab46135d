#include "libagent/adapters/pids_group.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

using found_groups = std::vector<std::filesystem::path>;

/// A folder that looks like a control group; making a real one takes rights.
std::filesystem::path pretend_group(const temporary_folder& parent, const std::string& name) {
  auto group = parent.path() / name;
  std::filesystem::create_directory(group);
  const std::ofstream procs{group / "cgroup.procs"};
  return group;
}

}  // namespace

TEST_CASE("an idle control group is not abandoned while its owner lives", "[adapters]") {
  const temporary_folder parent;
  const auto group = pretend_group(parent, "libagent-tool-a1b2c3");
  const auto much_later = std::filesystem::last_write_time(group) + 1h;
  {
    const auto held = hold_group(group);
    REQUIRE(held.is_open());
    CHECK(abandoned_groups(parent.path(), much_later).empty());
    // Looking must not take it away from its owner.
    CHECK(abandoned_groups(parent.path(), much_later).empty());
  }
  CHECK(abandoned_groups(parent.path(), much_later) == found_groups{group});
}

TEST_CASE("a control group of the last minute may not be held yet, so it is left alone") {
  const temporary_folder parent;
  const auto group = pretend_group(parent, "libagent-tool-a1b2c3");
  const auto made = std::filesystem::last_write_time(group);
  CHECK(abandoned_groups(parent.path(), made + 1min).empty());
  CHECK(abandoned_groups(parent.path(), made + 1min + 1ns) == found_groups{group});
}

TEST_CASE("control groups of others are never abandoned ones of ours") {
  const temporary_folder parent;
  const auto group = pretend_group(parent, "user.slice");
  std::filesystem::create_directory(parent.path() / "libagent-tool-gone");  // has no cgroup.procs
  const auto much_later = std::filesystem::last_write_time(group) + 1h;
  CHECK(abandoned_groups(parent.path(), much_later).empty());
  CHECK(abandoned_groups(parent.path() / "nowhere", much_later).empty());
  CHECK_FALSE(hold_group(parent.path() / "libagent-tool-gone").is_open());
}

TEST_CASE("a control group that was made is held from its beginning") {
  const auto group = pids_group::make(4);
  if (!group)
    return;  // needs rights over control groups
  const auto folder =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(group->procs()))
          .parent_path();
  const auto much_later = std::filesystem::last_write_time(folder) + 1h;
  CHECK(std::ranges::count(abandoned_groups(folder.parent_path(), much_later), folder) == 0);
}
