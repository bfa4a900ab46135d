#include "libagent/adapters/external_manifest.hpp"

#include "tests/support/shell_tool.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;

namespace {

std::string many_words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "word ";
  return text;
}

std::string content_of(const std::string& name) {
  std::ifstream in{std::string{LIBAGENT_SOURCE_DIR} + "/" + name};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the how-to shows the example of an external tool as it is", "[adapters]") {
  const auto page = content_of("docs/how_to/write_an_external_tool.md");
  for (const auto* const name : {"count_words.py", "count_words.json"}) {
    const auto file = content_of(std::string{"apps/examples/04_external_tool/"} + name);
    REQUIRE_FALSE(file.empty());
    CHECK(page.find("\n" + file + "```") != std::string::npos);
  }
}

TEST_CASE("the example of an external tool counts words", "[adapters]") {
  if (struct stat about{}; stat("/usr/bin/python3", &about) != 0) {
    WARN("there is no python3 in /usr/bin");
    return;
  }
  const shell_tools tools;
  const auto loaded =
      load_external_tools(LIBAGENT_SOURCE_DIR "/apps/examples/04_external_tool", tools.host());
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 1);
  const auto& count_words = loaded->front();
  CHECK(count_words->run(R"({"text":"b a b"})", shell_tools::context()).value() ==
        R"({"words": 3, "counts": {"a": 1, "b": 2}})");
  CHECK(count_words->check(R"({"text":3})").error().context ==
        "/text: expected string, got number");
  const auto failed = count_words->run(R"({"text":" "})", shell_tools::context());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::tool_failed);
  CHECK_THAT(failed.error().context,
             Contains("exit code 1; it last said \"the text has no words\""));
  auto context = shell_tools::context();
  std::vector<double> seen;
  context.progress = [&seen](double fraction, const std::string&) { seen.push_back(fraction); };
  CHECK(count_words->run(R"({"text":")" + many_words(2000) + R"("})", context));
  CHECK(seen == std::vector<double>{0.5, 1});
}
