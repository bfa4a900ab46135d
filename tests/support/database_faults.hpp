#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/error.hpp"

#include "tests/support/small_disk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace libagent::testing {

/// Kills this process when it is called for the nth time.
inline std::function<void(std::string_view)> killed_at_point(int nth) {
  return [points = 0, nth](std::string_view) mutable {
    if (++points == nth)
      ::kill(::getpid(), SIGKILL);
  };
}

/// Which commit was refused first, and why.
struct first_refused {
  std::uint64_t at = 0;
  error why;
};

template <class Commit>
first_refused commit_until_refused(std::uint64_t from, Commit commit) {
  for (auto n = from;; ++n) {
    if (const auto done = commit(n); !done)
      return {.at = n, .why = done.error()};
  }
}

/// A full disk refuses commits, loses nothing, and works again with space. `open(file)` gives a
/// pointer to what is kept there, `commit(kept, n)` adds the nth of its things, from 0 on, and
/// `count(kept)` says how many there are.
template <class Open, class Commit, class Count>
void check_full_disk(Open open, Commit commit, Count count) {
  const temporary_folder folder;
  const small_disk disk{folder.path()};
  if (!disk.is_mounted()) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  folder.write("ballast", std::string(300'000, 'b'));
  const auto file = folder.path() / "kept.db";
  auto kept = open(file);
  const auto fill = [&](std::uint64_t n) { return commit(*kept, n); };
  const auto full = commit_until_refused(0, fill);
  REQUIRE(full.at >= 5);
  CHECK(full.why == error{errc::unavailable, "no space left on the disk of " + file.string()});
  CHECK(count(*kept) == full.at);
  std::filesystem::remove(folder.path() / "ballast");
  const auto again = commit_until_refused(full.at, fill);
  CHECK(again.at > full.at);
  CHECK(again.why == full.why);
  kept.reset();
  disk.grow();  // a start needs a little room
  kept = open(file);
  CHECK(count(*kept) == again.at);
}

/// A file of a newer program is refused by `open(file)`; afterwards it is of `version` again.
template <class Open>
void check_newer_version_refused(const std::filesystem::path& file, std::int64_t version,
                                 Open open) {
  const auto set_version = [&file](std::int64_t number) {
    auto database = sqlite_database::open(file, sqlite_database::access::write).value();
    REQUIRE(database.execute("PRAGMA user_version=" + std::to_string(number)));
  };
  set_version(version + 1);
  const auto refused = open(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().context.find("use a newer program") != std::string::npos);
  set_version(version);
}

}  // namespace libagent::testing
