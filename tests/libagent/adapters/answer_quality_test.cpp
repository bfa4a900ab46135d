#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/folder_indexer.hpp"
#include "libagent/adapters/sqlite_document_index.hpp"
#include "libagent/tools/builtin/answer_question.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <filesystem>

using namespace libagent;

namespace {

struct expected_answer {
  const char* question;
  const char* file;
  std::uint32_t line;  ///< That the first quote must cover.
};

constexpr std::array<expected_answer, 42> answerable{{
    {"Who built the present tower?", "en/lighthouse.md", 10},
    {"When was the lamp electrified?", "en/lighthouse.md", 13},
    {"How high is the tower?", "en/lighthouse.md", 19},
    {"Why did the last keeper leave?", "en/lighthouse.md", 13},
    {"What is a Fresnel lens?", "en/lighthouse.md", 22},
    {"How often does the light flash?", "en/lighthouse.md", 19},
    {"When is it open on Sunday?", "en/lighthouse.md", 30},
    {"Why may children not climb the stairs?", "en/lighthouse.md", 32},
    {"What happened to the first tower?", "en/lighthouse.md", 8},
    {"What is sourdough?", "en/bread.md", 3},
    {"What is a starter?", "en/bread.md", 8},
    {"How much salt goes into the dough?", "en/bread.md", 17},
    {"What does a smell of acetone mean?", "en/bread.md", 12},
    {"Why is steam used?", "en/bread.md", 22},
    {"At how many degrees is the bread baked?", "en/bread.md", 20},
    {"Why is my bread flat?", "en/bread.md", 34},
    {"What causes a dense crumb?", "en/bread.md", 29},
    {"What is a snapshot?", "en/backup.txt", 16},
    {"What is a repository?", "en/backup.txt", 9},
    {"How many weekly snapshots are kept?", "en/backup.txt", 18},
    {"Can a lost passphrase be recovered?", "en/backup.txt", 10},
    {"How do I unlock a repository after a crash?", "en/backup.txt", 32},
    {"Why is the first backup slow?", "en/backup.txt", 36},
    {"What happens to existing files when a snapshot is restored?", "en/backup.txt", 25},
    {"How is green tea brewed?", "en/tea.html", 16},
    {"What is oolong?", "en/tea.html", 14},
    {"How should tea be stored?", "en/tea.html", 20},
    {"Which plant does tea come from?", "en/tea.html", 9},
    {"What does ring_buffer do when it is full?", "en/ring_buffer.hpp", 6},
    {"How many books may I borrow?", "en/library_rules.md", 8},
    {"How long is the loan period?", "en/library_rules.md", 8},
    {"What is the fine for late returns?", "en/library_rules.md", 16},
    {"Are telephones allowed in the quiet rooms?", "en/library_rules.md", 21},
    {"内存监视器做什么？", "zh/memory.md", 3},
    {"压力有几个等级？", "zh/memory.md", 8},
    {"监督者是什么？", "zh/memory.md", 18},
    {"监督者什么时候放弃？", "zh/memory.md", 18},
    {"龙井茶产于哪里？", "zh/tea.txt", 3},
    {"冲泡龙井茶的水温是多少？", "zh/tea.txt", 6},
    {"每张借书证可以借多少本书？", "zh/library.md", 5},
    {"图书馆什么时候闭馆？", "zh/library.md", 14},
    {"链条多久清洗一次？", "zh/bicycle.md", 3},
}};

constexpr std::array<const char*, 16> unanswerable{{
    "What is the capital of France?",
    "Who won the world cup in 2010?",
    "How do I install a graphics driver?",
    "What is the boiling point of mercury?",
    "When does the next train to Berlin leave?",
    "How tall is Mount Everest?",
    "What does the fox say?",
    "Why is the sky blue?",
    "How do vaccines work?",
    "Who painted the Mona Lisa?",
    "what is it?",
    "法国的首都是哪里？",
    "今天天气怎么样？",
    "如何做红烧肉？",
    "谁发明了电话？",
    "股票价格为什么下跌？",
}};

/// The evaluation texts, indexed once for all tests.
document_index& evaluation_index() {
  static const testing::temporary_folder data;
  static const auto index = [] {
    const auto folder = std::filesystem::canonical(std::filesystem::path{LIBAGENT_SOURCE_DIR} /
                                                   "tests/data/knowledge");
    if (!index_folder(folder, data.path(), {}, {}, [](const folder_index_progress&) {}))
      throw std::runtime_error{"cannot index the evaluation texts"};
    return open_sqlite_document_index(document_database_path(data.path(), folder), folder);
  }();
  return **index;
}

bool answers(const agent_answer& answer, const expected_answer& wanted) {
  if (!answer.found)
    return false;
  const auto& first = answer.citations.front();
  return first.file == wanted.file && first.line_first <= wanted.line &&
         wanted.line <= first.line_last;
}

}  // namespace

TEST_CASE("the first quote is the right one for nine in ten questions", "[documents]") {
  std::size_t right = 0;
  std::string wrong;
  for (const auto& wanted : answerable) {
    const auto answer = answer_question(evaluation_index(), wanted.question);
    REQUIRE(answer);
    if (answers(*answer, wanted)) {
      ++right;
    } else {
      wrong += wanted.question + (": not from " + std::string{wanted.file}) + ':' +
               std::to_string(wanted.line) + '\n' + answer->text + "\n\n";
    }
  }
  INFO(right << " of " << answerable.size() << " right\n" << wrong);
  CHECK(right * 10 >= answerable.size() * 9);
}

TEST_CASE("a question that the documents do not answer gets no answer", "[documents]") {
  for (const auto* question : unanswerable) {
    CAPTURE(question);
    const auto answer = answer_question(evaluation_index(), question);
    REQUIRE(answer);
    CAPTURE(answer->text);
    CHECK_FALSE(answer->found);
    CHECK(answer->citations.empty());
    CHECK_FALSE(answer->text.empty());
  }
}

TEST_CASE("an answer numbers its quotes and says what wrote it", "[documents]") {
  const auto answer = answer_question(evaluation_index(), "What is a Fresnel lens?");
  REQUIRE(answer);
  CHECK(answer->model == "extractive");
  CHECK(
      answer->text.starts_with("A Fresnel lens is a lens made of rings, which bends the light of "
                               "the lamp into one beam without the weight of a solid lens. [1]"));
  CHECK(answer->citations.front().line_last == 23);
}
