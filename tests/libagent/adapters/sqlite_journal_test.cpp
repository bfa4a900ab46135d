#include "libagent/adapters/sqlite_journal.hpp"

#include "tests/support/fake_journal.hpp"
#include "tests/support/journal_conformance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace libagent;
using namespace libagent::testing;

namespace {

journal_ptr must_open(const sqlite_journal_options& options) {
  auto opened = open_sqlite_journal(options);
  INFO((opened ? std::string{} : to_string(opened.error())));
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

TEST_CASE("a journal in SQLite does what a journal does", "[journal]") {
  const auto sync = GENERATE(journal_sync::none, journal_sync::interval, journal_sync::group);
  check_journal([sync]() -> journal_opener {
    return [sync, folder = std::make_shared<temporary_folder>()] {
      return must_open({.file = folder->path() / "journal.db", .sync = sync});
    };
  });
}

TEST_CASE("the journal in memory does what a journal does", "[journal]") {
  check_journal([]() -> journal_opener {
    return [kept = std::make_shared<fake_journal>()] { return kept; };
  });
}

TEST_CASE("the journal in memory fails when it is told to", "[journal]") {
  fake_journal kept;
  kept.fail_next({errc::unavailable, "full"});
  const std::vector<journal_write> writes{write_accepted{task_to_keep(1)}};
  CHECK(kept.commit(writes).error().code == errc::unavailable);
  CHECK(kept.commits().empty());
  kept.fail_all(error{errc::io_failed, "gone"});
  CHECK(kept.commit(writes).error().code == errc::io_failed);
  CHECK(kept.load().error().code == errc::io_failed);
  kept.fail_all(std::nullopt);
  must_commit(kept, writes);
  CHECK(kept.commits().size() == 1);
}
