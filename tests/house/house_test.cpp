#include "tests/house/include_rules.hpp"
#include "tests/house/text_rules.hpp"

#include <catch2/catch.hpp>

using namespace libagent::testing;

namespace {

/// Passes when there is no violation; otherwise the failure shows each of them.
void require_none(const std::vector<violation>& found) {
  std::string report;
  for (const auto& v : found)
    report += to_string(v) + "\n";
  INFO(report);
  REQUIRE(found.empty());
}

template <class Check>
std::vector<violation> check_repository(Check check) {
  std::vector<violation> found;
  const auto files = read_sources(LIBAGENT_SOURCE_DIR);
  REQUIRE(files.size() > 20);
  for (const auto& file : files) {
    const auto in_file = check(file);
    found.insert(found.end(), in_file.begin(), in_file.end());
  }
  return found;
}

/// The reason why `text` may not stand in `path`; empty if it may.
std::string reason_against(const std::string& path, const std::string& text) {
  const auto found = check_includes({.path = path, .text = text});
  return found.empty() ? "" : found.front().reason;
}

bool allowed(const std::string& path, const std::string& text) {
  return check_includes({.path = path, .text = text}).empty();
}

}  // namespace

TEST_CASE("every file of the repository includes only what its layer and room may") {
  require_none(check_repository(check_includes));
}

TEST_CASE("no file of the repository has unfinished marks or paths of one machine") {
  require_none(check_repository(check_text));
}

TEST_CASE("a room may include itself and the rooms before it, not those after it") {
  CHECK(allowed("libagent/tasks/a.hpp", "#include \"libagent/tasks/b.hpp\"\n"));
  CHECK(allowed("libagent/tasks/a.hpp", "#include \"libagent/base/b.hpp\"\n"));
  CHECK(reason_against("libagent/tasks/a.hpp", "#include \"libagent/cache/b.hpp\"\n") ==
        "libagent/tasks may not include libagent/cache, which comes later in the order of rooms");
}

TEST_CASE("a room that nobody put into the order is reported, as user and as used") {
  CHECK_FALSE(allowed("libagent/attic/a.hpp", "int x;\n"));
  CHECK_FALSE(allowed("libagent/tools/a.hpp", "#include \"libagent/attic/b.hpp\"\n"));
}

TEST_CASE("layers point one way: libagent, actors, apps") {
  CHECK_FALSE(allowed("libagent/base/a.cpp", "#include \"actors/cache.hpp\"\n"));
  CHECK_FALSE(allowed("libagent/adapters/a.cpp", "#include \"apps/agent/wiring.hpp\"\n"));
  CHECK_FALSE(allowed("actors/a.cpp", "#include \"apps/agent/wiring.hpp\"\n"));
  CHECK_FALSE(allowed("actors/a.cpp", "#include \"libagent/adapters/http_server.hpp\"\n"));
  CHECK_FALSE(allowed("apps/agent/a.cpp", "#include \"tests/support/fakes.hpp\"\n"));
  CHECK(allowed("actors/a.cpp", "#include \"libagent/cache/lru_policy.hpp\"\n"));
  CHECK(allowed("apps/agent/a.cpp", "#include \"libagent/adapters/http_server.hpp\"\n"));
  CHECK(allowed("tests/actors/a.cpp", "#include \"tests/support/actor_fixture.hpp\"\n"));
}

TEST_CASE("CAF is for actors and above, libraries are for adapters") {
  CHECK_FALSE(allowed("libagent/base/a.hpp", "#include <caf/error.hpp>\n"));
  CHECK_FALSE(allowed("libagent/adapters/a.hpp", "#  include <caf/error.hpp>\n"));
  CHECK(allowed("actors/a.hpp", "#include <caf/error.hpp>\n"));
  CHECK_FALSE(allowed("libagent/tasks/a.hpp", "#include <spdlog/spdlog.h>\n"));
  CHECK_FALSE(allowed("libagent/http/a.hpp", "#include <boost/asio.hpp>\n"));
  CHECK_FALSE(allowed("libagent/http/a.hpp", "#include <sys/socket.h>\n"));
  CHECK(allowed("libagent/adapters/a.hpp", "#include <boost/asio.hpp>\n"));
  CHECK_FALSE(allowed("actors/a.cpp", "#include <sqlite3.h>\n"));
}

TEST_CASE("only record and config know the JSON library") {
  CHECK(allowed("libagent/record/a.cpp", "#include <nlohmann/json.hpp>\n"));
  CHECK(allowed("libagent/config/a.cpp", "#include <nlohmann/json.hpp>\n"));
  CHECK_FALSE(allowed("libagent/tools/a.cpp", "#include <nlohmann/json.hpp>\n"));
}

TEST_CASE("an include path is the path in the repository") {
  CHECK_FALSE(allowed("libagent/base/a.cpp", "#include \"a.hpp\"\n"));
  CHECK_FALSE(allowed("tests/actors/a.cpp", "#include \"../support/fakes.hpp\"\n"));
}

TEST_CASE("the core neither reads a clock nor sleeps nor starts threads") {
  CHECK_FALSE(allowed("libagent/tasks/a.cpp", "auto t = std::chrono::steady_clock::now();\n"));
  CHECK_FALSE(allowed("libagent/tasks/a.cpp", "#include <thread>\n"));
  CHECK_FALSE(allowed("libagent/tasks/a.cpp", "std::this_thread::sleep_for(1s);\n"));
  CHECK_FALSE(allowed("actors/a.cpp", "::usleep(3);\n"));
  CHECK_FALSE(allowed("tests/actors/a.cpp", "std::this_thread::sleep_until(then);\n"));
  CHECK(allowed("libagent/adapters/a.cpp", "auto t = std::chrono::steady_clock::now();\n"));
}

TEST_CASE("comments and strings may speak of what code may not do") {
  CHECK(allowed("libagent/tasks/a.cpp", "// never steady_clock::now() here\n"));
  CHECK(allowed("libagent/tasks/a.cpp", "/* sleep_for\n #include <thread> */ int x = 30'000;\n"));
  CHECK(allowed("libagent/tasks/a.cpp", "auto s = \"sleep_for \\\" ::now()\";\n"));
  CHECK(allowed("libagent/tasks/a.cpp", "auto s = R\"x(\" sleep_for)x\";\n"));
  CHECK_FALSE(allowed("libagent/tasks/a.cpp", "int x = 30'000; sleep_for(x); int y = 1'0;\n"));
}

TEST_CASE("a violation names file, line and reason") {
  const auto found =
      check_includes({.path = "libagent/base/a.cpp", .text = "\nint x;\n#include <caf/all.hpp>\n"});
  REQUIRE(found.size() == 1);
  CHECK(to_string(found[0]) == "libagent/base/a.cpp:3: libagent/ may not include CAF; actors/ may");
}

TEST_CASE("unfinished marks and machine paths are found as whole words only") {
  const auto problems = [](const std::string& text) {
    return check_text({.path = "docs/a.md", .text = text}).size();
  };
  const std::string mark = std::string{"TO"} + "DO";
  const std::string home = std::string{"/ro"} + "ot/";
  CHECK(problems("// " + mark + ": later") == 1);
  CHECK(problems("see " + mark + "_list") == 0);
  CHECK(problems("cd " + home + "x") == 1);
  CHECK(problems("${dir}" + home + "x") == 0);
}
