#include "libagent/adapters/sqlite_document_index.hpp"

#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_document_writer.hpp"

#include "tests/support/indexed_folder.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <thread>

using namespace libagent;
using testing::indexed_folder;

namespace {

document_hits search(const indexed_folder& folder, const std::string& question,
                     std::size_t passages_max = 10) {
  auto index = folder.open();
  return index.value()->search(analyse_question(question).terms, passages_max).value();
}

}  // namespace

TEST_CASE("hits carry the passage, its place and how rare each term is", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.md", "# Memory\n\nThe monitor samples.\n");
  folder.documents.write("b.md", "A monitor on the desk.\n");
  REQUIRE(folder.index());
  const auto hits = search(folder, "memory monitor dinosaur");
  REQUIRE(hits.passages.size() == 2);
  CHECK(hits.passages[0].file == "a.md");
  CHECK(hits.passages[0].content.headings == "Memory");
  CHECK(hits.passages[0].content.text == "# Memory\n\nThe monitor samples.");
  CHECK(hits.passages[0].content.line_first == 1);
  CHECK(hits.passages[0].content.kind == text_kind::markdown);
  CHECK(hits.passages[0].relevance > hits.passages[1].relevance);
  CHECK(hits.statistics.passages == 2);
  CHECK(hits.statistics.passages_with == std::vector<std::uint64_t>{1, 2, 0});
}

TEST_CASE("Chinese is found by words, by single letters and across width", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "内存监视器每１００毫秒采样一次。");
  REQUIRE(folder.index());
  for (const auto* question : {"监视器", "采样", "内", "次", "100"}) {
    CAPTURE(question);
    CHECK(search(folder, question).passages.size() == 1);
  }
  CHECK(search(folder, "缓存").passages.empty());
}

TEST_CASE("characters with a meaning in query languages are only text", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple OR banana NEAR cherry");
  REQUIRE(folder.index());
  for (const auto* question :
       {"apple\" OR \"x", "NEAR(apple", "body:apple", "apple*", "^apple", "'"})
    CHECK_NOTHROW(search(folder, question));
  CHECK(search(folder, "apple\" OR \"x").passages.size() == 1);
}

TEST_CASE("no more passages come back than asked for", "[documents]") {
  const indexed_folder folder;
  for (auto i = 0; i < 10; ++i)
    folder.documents.write(std::to_string(i) + ".txt", "apple");
  REQUIRE(folder.index());
  CHECK(search(folder, "apple", 3).passages.size() == 3);
  CHECK(search(folder, "apple", 0).passages.empty());
}

TEST_CASE("a folder never indexed is not found", "[documents]") {
  const indexed_folder folder;
  const auto opened = folder.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::not_found);
}

TEST_CASE("an index that has just been begun is a reason to try again", "[documents]") {
  const indexed_folder folder;
  std::filesystem::create_directories(folder.database().parent_path());
  auto begun = sqlite_database::open(folder.database(), sqlite_database::access::write);
  REQUIRE(begun);
  REQUIRE(begun->execute("PRAGMA journal_mode = WAL"));
  const auto opened = folder.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::unavailable);
}

TEST_CASE("an index of another format is refused with the way out", "[documents]") {
  const indexed_folder folder;
  REQUIRE(folder.index());
  auto database = sqlite_database::open(folder.database(), sqlite_database::access::write);
  REQUIRE(database);
  REQUIRE(database->execute("PRAGMA user_version = 999"));
  const auto opened = folder.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
  CHECK(opened.error().context.find("format 999") != std::string::npos);
  CHECK(opened.error().context.find("rebuild") != std::string::npos);
}

TEST_CASE("an index of another folder is refused", "[documents]") {
  const indexed_folder folder;
  REQUIRE(folder.index());
  const auto opened = open_sqlite_document_index(folder.database(), "/elsewhere");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
}

TEST_CASE("a writer's changes are seen after its commit, not before", "[documents]") {
  const indexed_folder folder;
  auto writer = open_sqlite_document_writer(folder.database(), folder.documents.path());
  REQUIRE(writer);
  const std::vector<passage> passages{{"", "apple", 1, text_kind::plain}};
  REQUIRE((*writer)->put({"a.txt", {5, 1, 1}}, passages));
  auto index = folder.open();
  REQUIRE(index);
  const auto terms = analyse_question("apple").terms;
  CHECK((*index)->search(terms, 10)->passages.empty());
  REQUIRE((*writer)->commit());
  CHECK((*index)->search(terms, 10)->passages.size() == 1);
  CHECK((*index)->summary()->documents == 1);
  REQUIRE((*writer)->remove("a.txt"));
  REQUIRE((*writer)->commit());
  const auto after = (*index)->search(terms, 10);
  CHECK(after->passages.empty());
  CHECK(after->statistics.passages_with.at(0) == 0);
}

TEST_CASE("several threads search one index while a writer commits", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  REQUIRE(folder.index());
  auto index = folder.open();
  REQUIRE(index);
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> readers;
    for (auto i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        for (auto n = 0; n < 50; ++n) {
          const auto hits = (*index)->search(analyse_question("apple").terms, 10);
          if (!hits || hits->passages.empty())
            ++failures;
        }
      });
    }
    for (auto n = 0; n < 10; ++n) {
      folder.documents.write("b" + std::to_string(n) + ".txt", "apple");
      if (!folder.index())
        ++failures;
    }
  }
  CHECK(failures == 0);
}
