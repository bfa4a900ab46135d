#include "libagent/adapters/external_manifest.hpp"

#include "libagent/adapters/landlock_rules.hpp"

#include "tests/support/shell_tool.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

std::string manifest_named(const std::string& name, const std::string& more = {}) {
  return R"({"name":")" + name + R"(","description":"For the tests.",)" + more +
         R"("command":["/bin/sh","-c","cat"]})";
}

void make_program(const temporary_folder& folder, const std::string& name,
                  const std::string& text) {
  folder.write(name, text);
  std::filesystem::permissions(folder.path() / name, std::filesystem::perms::owner_all);
}

std::string refusal_of(const std::string& manifest) {
  const auto read = read_external_manifest(manifest, "/folder");
  return read ? std::string{} : to_string(read.error());
}

}  // namespace

TEST_CASE("a manifest without more than it needs gives a careful tool", "[adapters]") {
  const auto read = read_external_manifest(manifest_named("one"), "/folder");
  REQUIRE(read);
  CHECK(read->spec.name == "one");
  CHECK(read->spec.tool_lane == lane::batch);
  CHECK(read->spec.timeout == 30s);
  CHECK(read->spec.tool_isolation == isolation::process);
  CHECK(read->sandbox.restrict_files);
  CHECK(read->sandbox.readable == std::vector<std::string>{"/folder"});
  CHECK(read->input_schema == R"({"type":"object"})");
}

TEST_CASE("a manifest sets all of a tool", "[adapters]") {
  const auto read = read_external_manifest(R"({
      "name": "two", "description": "All of it.", "command": ["./bin/two", "--fast", "../x"],
      "input_schema": {"required": ["a"]}, "output_schema": {"type": "integer"},
      "lane": "interactive", "effects": "once", "bound": "io", "timeout_ms": 500,
      "memory_bytes": 1000, "environment": ["API_KEY"],
      "limits": {"memory_bytes": 5, "cpu_time_s": 6, "open_files": 7, "processes": 8,
                 "file_bytes": 9},
      "network": false, "restrict_files": true, "require_sandbox": false,
      "readable": ["/data", "./models"], "writable": ["/out"], "output_bytes_max": 10})",
                                           "/tools");
  REQUIRE(read);
  CHECK(read->command == std::vector<std::string>{"/tools/bin/two", "--fast", "/x"});
  CHECK(read->input_schema == R"({"required":["a"]})");
  CHECK(read->spec.tool_effects == effects::once);
  CHECK(read->spec.tool_lane == lane::interactive);
  CHECK(read->spec.bound == work_bound::io);
  CHECK(read->spec.timeout == 500ms);
  CHECK(read->environment == std::vector<std::string>{"API_KEY"});
  CHECK(read->limits.memory_bytes == 5);
  CHECK(read->limits.cpu_time == 6s);
  CHECK(read->limits.file_bytes == 9);
  CHECK_FALSE(read->sandbox.network);
  CHECK(read->sandbox.readable == std::vector<std::string>{"/data", "/tools/models", "/tools"});
  CHECK(read->sandbox.writable == std::vector<std::string>{"/out"});
  CHECK(read->output_bytes_max == 10);
}

TEST_CASE("a manifest that is wrong is refused with the place", "[adapters]") {
  CHECK_THAT(refusal_of("{"), StartsWith("invalid_argument: bad JSON at line 1"));
  CHECK_THAT(refusal_of(R"({"name":"x"})"), Contains("description"));
  CHECK_THAT(refusal_of(manifest_named("x", R"("tiemout_ms":1,)")), Contains("tiemout_ms"));
  CHECK_THAT(refusal_of(manifest_named("x", R"("limits":{"open_files":-1},)")),
             Contains("/limits/open_files"));
  CHECK(refusal_of(manifest_named("x", R"("timeout_ms":0,)")) ==
        "invalid_argument: /timeout_ms: expected more than 0");
  CHECK(refusal_of(R"({"name":"x","description":"y","command":[]})") ==
        "invalid_argument: /command: it is empty, expected a program");
}

TEST_CASE("a folder of manifests gives its tools by file name", "[adapters]") {
  const shell_tools tools;
  const temporary_folder folder;
  folder.write("b.json", manifest_named("first"));
  folder.write("a.json", manifest_named("second"));
  folder.write("notes.txt", "not a manifest");
  const auto loaded = load_external_tools(folder.path(), tools.host());
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 2);
  CHECK((*loaded)[0]->spec().name == "second");
  CHECK((*loaded)[1]->run(R"({"x":1})", shell_tools::context()).value() == R"({"x":1})");
}

TEST_CASE("a tool beside its manifest finds itself and what it reads there", "[adapters]") {
  const shell_tools tools;
  const temporary_folder folder;
  make_program(folder, "greet", "#!/bin/sh\ncat \"$(dirname \"$0\")/words\"\n");
  folder.write("words", "\"hello\"");
  folder.write("greet.json", R"({"name":"greet","description":"Greets.","command":["./greet"]})");
  const auto loaded = load_external_tools(folder.path(), tools.host());
  REQUIRE(loaded);
  CHECK(loaded->front()->run("{}", shell_tools::context()).value() == "\"hello\"");
}

TEST_CASE("a folder of manifests that is wrong is refused with the file", "[adapters]") {
  const shell_tools tools;
  const temporary_folder folder;
  const auto refused = [&] {
    const auto loaded = load_external_tools(folder.path(), tools.host());
    REQUIRE_FALSE(loaded);
    return to_string(loaded.error());
  };
  folder.write("a.json", manifest_named("same"));
  folder.write("b.json", manifest_named("same"));
  CHECK(refused() == "already_exists: load " + (folder.path() / "b.json").string() +
                         ": another file has a tool named same");
  folder.write("b.json", "[]");
  CHECK_THAT(refused(), StartsWith("invalid_argument: load " + (folder.path() / "b.json").string() +
                                   ": (root): expected"));
  folder.write("b.json", manifest_named("x", R"("input_schema":3,)"));
  CHECK_THAT(refused(), EndsWith("input schema: expected an object, got number"));
  const auto missing = load_external_tools("/nowhere/tools", tools.host());
  REQUIRE_FALSE(missing);
  CHECK(to_string(missing.error()) == "io_failed: list /nowhere/tools: No such file or directory");
}
