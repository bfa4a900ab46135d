#include "libagent/adapters/folder_indexer.hpp"

#include "libagent/adapters/file_lock.hpp"

#include "tests/support/indexed_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <unistd.h>

using namespace libagent;
using namespace std::chrono_literals;
using testing::indexed_folder;

using files = std::vector<std::string>;

TEST_CASE("files of a folder are found by their words", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("guide/cache.md", "# Cache\nIt evicts the coldest entries.\n");
  folder.documents.write("notes.txt", "Supervisors restart children.\n");
  folder.documents.write("page.html", "<p>Journals &amp; leases</p>");
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_seen == 3);
  CHECK(report->files_indexed == 3);
  CHECK(folder.files_with("eviction") == files{"guide/cache.md"});
  CHECK(folder.files_with("child restarts") == files{"notes.txt"});
  CHECK(folder.files_with("lease") == files{"page.html"});
  CHECK(folder.files_with("nothing").empty());
}

TEST_CASE("a second run reads nothing", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  folder.documents.write("b.dat", std::string("\0\1\2", 3));
  REQUIRE(folder.index());
  const auto again = folder.index();
  REQUIRE(again);
  CHECK(again->files_unchanged == 2);
  CHECK(again->files_indexed == 0);
  CHECK(again->files_not_text == 0);
}

TEST_CASE("a changed file is indexed anew and its old words are gone", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  REQUIRE(folder.index());
  folder.documents.write("a.txt", "banana split");
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_indexed == 1);
  CHECK(folder.files_with("apple").empty());
  CHECK(folder.files_with("banana") == files{"a.txt"});
}

TEST_CASE("a file that was only touched is not indexed anew", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  REQUIRE(folder.index());
  const auto file = folder.documents.path() / "a.txt";
  std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + 1h);
  const auto touched = folder.index();
  REQUIRE(touched);
  CHECK(touched->files_indexed == 0);
  CHECK(touched->files_unchanged == 1);
  CHECK(folder.files_with("apple") == files{"a.txt"});
}

TEST_CASE("a file that is gone is forgotten", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  folder.documents.write("b.txt", "apple too");
  REQUIRE(folder.index());
  std::filesystem::remove(folder.documents.path() / "a.txt");
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_removed == 1);
  CHECK(folder.files_with("apple") == files{"b.txt"});
}

TEST_CASE("a file that stops being text loses its words", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.dat", "apple");
  REQUIRE(folder.index());
  folder.documents.write("a.dat", std::string("apple\0", 6));
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_not_text == 1);
  CHECK(folder.files_with("apple").empty());
}

TEST_CASE("links are not followed, so a loop ends and nothing outside is read", "[documents]") {
  const indexed_folder folder;
  const testing::temporary_folder outside;
  outside.write("secret.txt", "apple");
  folder.documents.write("sub/a.txt", "banana");
  std::filesystem::create_directory_symlink(folder.documents.path(),
                                            folder.documents.path() / "sub" / "loop");
  std::filesystem::create_symlink(outside.path() / "secret.txt",
                                  folder.documents.path() / "link.txt");
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_seen == 1);
  CHECK(folder.files_with("apple").empty());
}

TEST_CASE("files past the size limit are counted and left out", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("fits.txt", std::string(20, 'a'));
  folder.documents.write("large.txt", std::string(21, 'b'));
  const auto report = folder.index({.file_bytes_max = 20});
  REQUIRE(report);
  CHECK(report->files_indexed == 1);
  CHECK(report->files_too_large == 1);
}

TEST_CASE("more files than allowed is an error", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "a");
  folder.documents.write("b.txt", "b");
  CHECK(folder.index({.files_max = 2}));
  const auto refused = folder.index({.files_max = 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::too_large);
}

TEST_CASE("files that cannot be read are counted and named", "[documents]") {
  if (geteuid() == 0)
    return;  // root reads everything
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  std::filesystem::permissions(folder.documents.path() / "a.txt", std::filesystem::perms::none);
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_unreadable == 1);
  REQUIRE(report->unreadable.size() == 1);
  CHECK(report->unreadable[0].find("a.txt: Permission denied") != std::string::npos);
}

TEST_CASE("a folder that does not exist is an error that names it", "[documents]") {
  const testing::temporary_folder data;
  const auto report = index_folder("/nonexistent/folder", data.path(), {}, {}, [](const auto&) {});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == errc::not_found);
  CHECK(report.error().context.find("/nonexistent/folder") != std::string::npos);
}

TEST_CASE("a cancelled run keeps what it has and the next one goes on", "[documents]") {
  const indexed_folder folder;
  for (auto i = 0; i < 20; ++i)
    folder.documents.write("file" + std::to_string(i) + ".txt", "apple");
  std::stop_source stop;
  const auto cancelled = index_folder(folder.documents.path(), folder.data.path(), {},
                                      stop.get_token(), [&stop](const folder_index_progress& now) {
                                        if (now.files_done == 7)
                                          stop.request_stop();
                                      });
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == errc::cancelled);
  CHECK(folder.files_with("apple").size() == 7);
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_unchanged == 7);
  CHECK(report->files_indexed == 13);
}

TEST_CASE("progress counts up to all files and bytes", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "12345");
  folder.documents.write("b.txt", "123");
  std::vector<folder_index_progress> seen;
  REQUIRE(index_folder(folder.documents.path(), folder.data.path(), {}, {},
                       [&seen](const folder_index_progress& now) { seen.push_back(now); }));
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].files_done == 1);
  CHECK(seen[1].files_done == seen[1].files_total);
  CHECK(seen[1].bytes_done == 8);
  CHECK(seen[1].bytes_total == 8);
}

TEST_CASE("a second run at the same time is refused and told who is at it", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  const auto held = file_lock::take(folder.database().string() + ".lock");
  REQUIRE(held);
  const auto refused = folder.index();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().context.find("held by process " + std::to_string(getpid())) !=
        std::string::npos);
}

TEST_CASE("questions are answered from the last commit while a run is on", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  REQUIRE(folder.index());
  for (auto i = 0; i < 5; ++i)
    folder.documents.write("new" + std::to_string(i) + ".txt", "apple");
  std::size_t seen_before_commit = 0;
  REQUIRE(index_folder(folder.documents.path(), folder.data.path(), {}, {},
                       [&](const folder_index_progress& now) {
                         if (now.files_done == 3)
                           seen_before_commit = folder.files_with("apple").size();
                       }));
  CHECK(seen_before_commit == 1);
  CHECK(folder.files_with("apple").size() == 6);
}

TEST_CASE("a damaged index is refused with the way out, and rebuild makes it anew", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  REQUIRE(folder.index());
  folder.data.write(std::filesystem::relative(folder.database(), folder.data.path()),
                    std::string(8'192, 'x'));
  const auto refused = folder.index();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt);
  CHECK(refused.error().context.find("rebuild") != std::string::npos);
  const auto unreadable = folder.open();
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().code == errc::corrupt);
  REQUIRE(folder.index({.rebuild = true}));
  CHECK(folder.files_with("apple") == files{"a.txt"});
}
