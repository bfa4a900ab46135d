#include "libagent/adapters/sqlite_journal.hpp"

#include "tests/support/journal_conformance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

/// What the syncs of this process do; see below.
struct sync_faults {
  int calls = 0;
  bool fail = false;
};

sync_faults syncs;

int counted_sync(long call, int descriptor) {
  ++syncs.calls;
  if (!syncs.fail)
    return static_cast<int>(::syscall(call, descriptor));
  errno = EIO;
  return -1;
}

}  // namespace

// These come before those of the C library for the whole program, SQLite too.
extern "C" int fdatasync(int descriptor) {
  return counted_sync(SYS_fdatasync, descriptor);
}

extern "C" int fsync(int descriptor) {
  return counted_sync(SYS_fsync, descriptor);
}

using namespace libagent;
using namespace libagent::testing;

TEST_CASE("the sync policy decides when the disk is waited for", "[journal]") {
  const temporary_folder folder;
  const auto syncs_of = [&folder](journal_sync sync) {
    const auto name = "journal-" + std::string{name_of(sync)} + ".db";
    auto kept = open_sqlite_journal({.file = folder.path() / name, .sync = sync}).value();
    must_commit(*kept, {write_accepted{task_to_keep(1)}});
    const auto before = syncs.calls;
    for (std::uint64_t i = 2; i <= 11; ++i)
      must_commit(*kept, {write_accepted{task_to_keep(i)}});
    const auto by_commits = syncs.calls - before;
    REQUIRE(kept->sync());
    CHECK(syncs.calls > before + by_commits);
    return by_commits;
  };
  CHECK(syncs_of(journal_sync::none) == 0);
  CHECK(syncs_of(journal_sync::interval) == 0);
  CHECK(syncs_of(journal_sync::group) == 10);
}

TEST_CASE("after a failed sync nothing is accepted, and no sync is tried again", "[journal]") {
  const temporary_folder folder;
  const auto file = folder.path() / "journal.db";
  const auto sync = GENERATE(journal_sync::interval, journal_sync::group);
  auto kept = open_sqlite_journal({.file = file, .sync = sync}).value();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  const std::vector<journal_write> writes{write_accepted{task_to_keep(2)}};
  syncs.fail = true;
  const auto failed = sync == journal_sync::group ? kept->commit(writes) : kept->sync();
  syncs.fail = false;
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::io_failed);
  CHECK(failed.error().context.find("sync " + file.string()) != std::string::npos);
  const auto before = syncs.calls;
  const auto again = kept->commit(writes);
  REQUIRE_FALSE(again);
  CHECK(again.error() == failed.error());
  CHECK(kept->sync().error() == failed.error());
  CHECK(kept->prune(0).error() == failed.error());
  CHECK(must_find(*kept, numbered_task(1)));  // what is there can be looked at
  kept.reset();
  CHECK(syncs.calls == before);
  const auto reopened = open_sqlite_journal({.file = file}).value();
  CHECK(is_same(must_load(*reopened).tasks.at(0), {task_to_keep(1), {}, {}}));
}

TEST_CASE("a sync that fails while the log is brought in ends the accepting too", "[journal]") {
  const temporary_folder folder;
  auto kept = open_sqlite_journal({.file = folder.path() / "journal.db",
                                   .sync = journal_sync::interval,
                                   .checkpoint_bytes = 400'000})
                  .value();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  syncs.fail = true;
  // The commit itself is in the log, where it would be without any sync.
  const auto first = kept->commit(
      std::vector<journal_write>{write_accepted{task_to_keep(2, std::string(600'000, 'c'))}});
  syncs.fail = false;
  CHECK(first);
  const auto second = kept->commit(std::vector<journal_write>{write_accepted{task_to_keep(3)}});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::io_failed);
  CHECK(must_find(*kept, numbered_task(2)));
}
