#include "libagent/adapters/tools/builtin_tools.hpp"

#include "libagent/adapters/tools/document_tools.hpp"
#include "libagent/record/json.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace libagent;
using testing::temporary_folder;

namespace {

/// All tools over a temporary folder of documents.
struct tool_bench {
  tool_bench() {
    const auto added = add_builtin_tools(registry, {.folder = documents.path(),
                                                    .data_dir = data.path(),
                                                    .wall_clock = [] { return unix_millis{0}; }});
    REQUIRE(added);
  }

  expected<std::string> run(const char* tool, const std::string& arguments) const {
    return registry.lookup(tool).value()->run(arguments, context);
  }

  temporary_folder documents;
  temporary_folder data;
  tool_registry registry;
  tool_context context;
};

}  // namespace

TEST_CASE("the tools that come with libagent are registered with their lanes", "[tools]") {
  const tool_bench bench;
  std::vector<std::string> names;
  for (const auto& known : bench.registry.list())
    names.push_back(known->spec().name);
  CHECK(names == std::vector<std::string>{"answer_from_documents", "calculate", "current_time",
                                          "index_folder", "search_documents", "summarize"});
  CHECK(bench.registry.find("index_folder")->spec().tool_lane == lane::batch);
  CHECK(bench.registry.find("summarize")->spec().tool_lane == lane::batch);
  for (const auto& known : bench.registry.list())
    CHECK(known->spec().tool_effects != effects::once);
}

TEST_CASE("documents are indexed, searched and asked through the tools", "[tools]") {
  const tool_bench bench;
  bench.documents.write("memory.md", "# Memory\n\nThe memory monitor samples every 100 ms.\n");
  const auto before = bench.run("answer_from_documents", R"({"question":"What is a monitor?"})");
  REQUIRE_FALSE(before);
  CHECK(before.error().code == errc::not_found);
  CHECK(before.error().context.find("index_folder") != std::string::npos);

  const auto indexed = bench.run("index_folder", "");
  REQUIRE(indexed);
  CHECK(from_json<index_folder_output>(*indexed)->files_indexed == 1);

  const auto answer =
      bench.run("answer_from_documents", R"({"question":"What does the memory monitor do?"})");
  REQUIRE(answer);
  const auto answered = from_json<agent_answer>(*answer);
  REQUIRE(answered);
  CHECK(answered->found);
  CHECK(answered->text == "The memory monitor samples every 100 ms. [1]");
  REQUIRE(answered->citations.size() == 1);
  CHECK(answered->citations[0].file == "memory.md");
  CHECK(answered->citations[0].line_first == 3);

  const auto found = bench.run("search_documents", R"({"query":"samples","limit":1})");
  REQUIRE(found);
  CHECK(from_json<search_documents_output>(*found)->passages.at(0).headings == "Memory");
}

TEST_CASE("a subfolder can be indexed and asked on its own", "[tools]") {
  const tool_bench bench;
  bench.documents.write("a/x.txt", "apple");
  bench.documents.write("b/y.txt", "apple");
  REQUIRE(bench.run("index_folder", R"({"folder":"a"})"));
  const auto found = bench.run("search_documents", R"({"query":"apple","folder":"a"})");
  REQUIRE(found);
  CHECK(from_json<search_documents_output>(*found)->passages.size() == 1);
  CHECK_FALSE(bench.run("search_documents", R"({"query":"apple"})"));
}

TEST_CASE("no tool reads outside of the documents' folder", "[tools]") {
  const tool_bench bench;
  for (const auto& [tool, arguments] :
       {std::pair{"index_folder", R"({"folder":"/etc"})"},
        std::pair{"search_documents", R"({"query":"x","folder":".."})"},
        std::pair{"answer_from_documents", R"({"question":"x","folder":"/"})"},
        std::pair{"summarize", R"({"file":"/etc/passwd"})"}}) {
    CAPTURE(tool);
    const auto refused = bench.run(tool, arguments);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
  }
}

TEST_CASE("summarize takes a text or a file, not both and not neither", "[tools]") {
  const tool_bench bench;
  bench.documents.write("a.html", "<p>One sentence stands here alone.</p>");
  const auto of_file = bench.run("summarize", R"({"file":"a.html"})");
  REQUIRE(of_file);
  const auto summary = from_json<summarize_output>(*of_file);
  CHECK(summary->summary == "One sentence stands here alone.");
  CHECK(summary->sentences.at(0).file == "a.html");
  CHECK(bench.run("summarize", R"({"text":"One sentence stands here alone."})"));
  CHECK(bench.run("summarize", "{}").error().code == errc::invalid_argument);
  CHECK(bench.run("summarize", R"({"text":"x","file":"a.html"})").error().code ==
        errc::invalid_argument);
  CHECK(bench.run("summarize", R"({"file":"nosuch"})").error().code == errc::not_found);
}

TEST_CASE("a long tool ends soon after stop", "[tools]") {
  tool_bench bench;
  std::stop_source stop;
  bench.context.stop = stop.get_token();
  for (auto i = 0; i < 10; ++i)
    bench.documents.write(std::to_string(i) + ".txt", "apple");
  bench.context.progress = [&stop](double, const std::string&) { stop.request_stop(); };
  const auto indexed = bench.run("index_folder", "");
  REQUIRE_FALSE(indexed);
  CHECK(indexed.error().code == errc::cancelled);
}

TEST_CASE("the pure tools work through JSON", "[tools]") {
  const tool_bench bench;
  CHECK(bench.run("calculate", R"({"expression":"2 + 3 * 4"})").value_or("") == R"({"value":14})");
  CHECK(bench.run("current_time", "{}").value_or("").find("1970-01-01T00:00:00Z") !=
        std::string::npos);
}
