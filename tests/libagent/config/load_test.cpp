#include "libagent/config/load.hpp"

#include "libagent/config/agent_options.hpp"
#include "libagent/record/json.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

config_sources file_with(std::string text) {
  config_sources sources;
  sources.file = config_file{"agent.json", std::move(text)};
  return sources;
}

config_sources environment_with(const std::string& variable, const std::string& value) {
  config_sources sources;
  sources.environment = {{"PATH", "/bin"}, {variable, value}};
  return sources;
}

config_sources override_with(const std::string& text) {
  config_sources sources;
  sources.overrides = {text};
  return sources;
}

std::string refusal(const config_sources& sources) {
  const auto loaded = load_agent_config(sources);
  return loaded ? "accepted" : loaded.error().context;
}

}  // namespace

TEST_CASE("without sources every option has its default", "[config]") {
  const auto loaded = load_agent_config({});
  REQUIRE(loaded);
  CHECK(loaded->values.memory.sample_interval == 100ms);
  CHECK(loaded->values.cache.capacity == mebibytes(64));
  CHECK(loaded->origins.at("cache.capacity") == "default");
}

TEST_CASE("a file may nest its keys or spell them with dots", "[config]") {
  const auto loaded = load_agent_config(file_with(R"({
    "$schema": "schemas/config.schema.json",
    "memory": {"sample-interval": "250ms", "budget": 1048576},
    "http.port": 9000,
    "log": {"level": "debug"}
  })"));
  REQUIRE(loaded);
  CHECK(loaded->values.memory.sample_interval == 250ms);
  CHECK(loaded->values.memory.budget == mebibytes(1));
  CHECK(loaded->values.http.port == 9000);
  CHECK(loaded->values.log.level == log_level::debug);
  CHECK(loaded->origins.at("memory.sample-interval") == "agent.json:3");
  CHECK(loaded->origins.at("http.port") == "agent.json:4");
  CHECK(loaded->origins.at("http.host") == "default");
}

TEST_CASE("the environment wins over the file, and an override over both", "[config]") {
  auto sources = file_with(R"({"http": {"port": 1, "host": "::1"}, "cache": {"ttl": "1s"}})");
  sources.environment = {{"LIBAGENT_HTTP_PORT", "2"}, {"LIBAGENT_HTTP_HOST", "0.0.0.0"}};
  sources.overrides = {"http.port=3", "http.port=4"};
  const auto loaded = load_agent_config(sources);
  REQUIRE(loaded);
  CHECK(loaded->values.http.port == 4);
  CHECK(loaded->values.http.host == "0.0.0.0");
  CHECK(loaded->values.cache.ttl == 1s);
  CHECK(loaded->origins.at("http.port") == "--set");
  CHECK(loaded->origins.at("http.host") == "environment LIBAGENT_HTTP_HOST");
  CHECK(loaded->origins.at("cache.ttl") == "agent.json:1");
}

TEST_CASE("a bad value in a file names file, line, key, value and range", "[config]") {
  CHECK(refusal(file_with("{\n  \"memory\": {\n    \"sample-interval\": \"5ms\"\n  }\n}")) ==
        R"(agent.json:3: memory.sample-interval: "5ms": out of range (allowed: 10ms to 1m))");
  CHECK(refusal(file_with("{\n\"http.port\": 65536}")) ==
        R"(agent.json:2: http.port: "65536": out of range (allowed: 0 to 65535))");
  CHECK(refusal(file_with(R"({"http": {"port": -1}})")).find("\"-1\"") != std::string::npos);
}

TEST_CASE("a value of the wrong type names what is wanted and what is there", "[config]") {
  CHECK(refusal(file_with(R"({"http": {"port": "80"}})")) ==
        R"(agent.json:1: http.port: expected a whole number, got "80" (allowed: 0 to 65535))");
  CHECK(refusal(file_with(R"({"memory": {"sample-interval": 100}})")) ==
        R"(agent.json:1: memory.sample-interval: expected a string such as "250ms", "5s", "2m" or )"
        R"("1h", got 100 (allowed: 10ms to 1m))");
  CHECK(refusal(file_with(R"({"cache": {"capacity": 1.5}})")).find("got 1.5") != std::string::npos);
  CHECK(refusal(file_with(R"({"http": {"host": ["a"]}})")) ==
        "agent.json:1: http.host: expected a string, got array");
  CHECK(refusal(file_with(R"({"http": 80})")) ==
        "agent.json:1: http: this is a section: expected an object of options");
  CHECK(refusal(file_with("[]")) == "agent.json: expected an object of options");
}

TEST_CASE("an unknown key is refused wherever it stands, with the nearest known one", "[config]") {
  CHECK(refusal(file_with("{\n\n\"memory\": {\"sample-intervall\": \"1s\"}}")) ==
        R"(agent.json:3: "memory.sample-intervall": unknown key (did you mean )"
        R"("memory.sample-interval"?))");
  CHECK(refusal(file_with(R"({"memroy": {"budget": 0}})")) ==
        R"(agent.json:1: "memroy": unknown key (did you mean "memory"?))");
  CHECK(refusal(environment_with("LIBAGENT_HTTP_PROT", "1")) ==
        R"(environment LIBAGENT_HTTP_PROT: unknown option (did you mean "LIBAGENT_HTTP_PORT"?))");
  CHECK(refusal(override_with("http.prot=1")) ==
        R"(--set: "http.prot": unknown key (did you mean "http.port"?))");
}

TEST_CASE("a key may be given once in a file, however it is spelled", "[config]") {
  CHECK(refusal(file_with("{\"http.port\": 1,\n\"http\": {\"port\": 2}}"))
            .find("http.port: given twice (also at agent.json:") != std::string::npos);
  CHECK(refusal(file_with(R"({"http.port": 1, "http.port": 2})"))
            .find("agent.json: /http.port: duplicate field (line 1") == 0);
}

TEST_CASE("a file that is no JSON, too large or too deep is refused with its name", "[config]") {
  CHECK(refusal(file_with("{\n  \"http\": }")).find("agent.json: bad JSON at line 2, column 11") ==
        0);
  CHECK(refusal(file_with(std::string((1U << 20U) + 1, ' '))).find("agent.json: JSON text has") ==
        0);
  CHECK(refusal(file_with(std::string(9, '['))).find("deeper than 8") != std::string::npos);
}

TEST_CASE("a bad value in the environment or an override names its place and the range",
          "[config]") {
  CHECK(refusal(environment_with("LIBAGENT_WORKER_NICE", "20")) ==
        R"(environment LIBAGENT_WORKER_NICE: worker.nice: "20": out of range (allowed: 0 to 19))");
  CHECK(refusal(override_with("worker.nice=x")) ==
        R"(--set: worker.nice: "x": expected a whole number (allowed: 0 to 19))");
  CHECK(refusal(override_with("worker.nice")) == R"(--set: expected key=value, got no "=")");
}

TEST_CASE("variables of other programs and reserved ones are left alone", "[config]") {
  CHECK(refusal(environment_with("LIBAGENT_CACHE", "/tmp")) == "accepted");
  CHECK(refusal(environment_with("HTTP_PORT", "x")) == "accepted");
  auto sources = environment_with("LIBAGENT_MINE", "1");
  CHECK(refusal(sources) != "accepted");
  sources.reserved_variables.insert("LIBAGENT_MINE");
  CHECK(refusal(sources) == "accepted");
}

TEST_CASE("values that disagree with one another are refused", "[config]") {
  CHECK(refusal(override_with("supervision.backoff-min=10s")) == "accepted");
  CHECK(refusal(override_with("supervision.backoff-min=11s")) ==
        "configuration: supervision.backoff-min (11s) must not be more than "
        "supervision.backoff-max (10s)");
}

TEST_CASE("addresses of nodes are HOST:PORT or nothing", "[config]") {
  for (const std::string good : {"", "127.0.0.1:9000", "localhost:0", "[::1]:65535"}) {
    CAPTURE(good);
    CHECK(refusal(override_with("node.listen=" + good)) == "accepted");
  }
  for (const std::string bad : {"localhost", ":80", "host:", "host:65536", "host:-1", "a b:1"}) {
    CAPTURE(bad);
    CHECK(refusal(override_with("node.listen=" + bad)).find("expected HOST:PORT") !=
          std::string::npos);
  }
}

TEST_CASE("the effective values are shown with their origin, secrets hidden", "[config]") {
  std::string name = "a";
  std::string key;
  std::vector<option> options;
  options.emplace_back("node.name", name, "Name.");
  options.push_back(option{"model.key", key, "Key."}.secret());
  config_sources sources;
  sources.overrides = {"model.key=sk-123"};
  auto origins = apply_sources(options, sources);
  REQUIRE(origins);
  const auto shown = show_options(options, *origins);
  CHECK(show_text(shown) ==
        "node.name = a         (default)\n"
        "model.key = (hidden)  (--set)\n");
  CHECK(to_json(shown[1]) == R"js({"key":"model.key","value":"(hidden)","origin":"--set"})js");
  CHECK(key == "sk-123");
}

TEST_CASE("a secret of the wrong type is not shown in the error", "[config]") {
  std::string key;
  std::vector<option> options;
  options.push_back(option{"model.key", key, "Key."}.secret());
  const auto done = apply_sources(options, file_with(R"({"model": {"key": 12345}})"));
  REQUIRE_FALSE(done);
  CHECK(done.error().context == "agent.json:1: model.key: expected a string, got number");
}
