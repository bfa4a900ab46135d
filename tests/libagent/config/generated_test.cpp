#include "libagent/config/generated.hpp"

#include "libagent/config/agent_options.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace libagent;

namespace {

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Compares a file of the repository with what it is generated from, or writes it anew when the
/// environment asks for that.
void check_fresh(const std::string& name, const std::string& generated) {
  const auto path = std::filesystem::path{LIBAGENT_SOURCE_DIR} / name;
  if (std::getenv("LIBAGENT_REFRESH") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << generated;
  }
  INFO(name << " is stale. Refresh it: LIBAGENT_REFRESH=1 ctest -R 'generated'");
  CHECK(file_text(path) == generated);
}

}  // namespace

TEST_CASE("the generated configuration files are fresh", "[config]") {
  agent_config config;
  const auto options = agent_options(config);
  check_fresh("configs/default.json", default_config_json(options));
  check_fresh("configs/schemas/config.schema.json", config_schema_json(options));
  check_fresh("docs/reference/configuration.md", config_reference(options));
}

TEST_CASE("the generated default configuration is read back as the defaults", "[config]") {
  agent_config defaults;
  const auto options = agent_options(defaults);
  config_sources sources;
  sources.file = config_file{"default.json", default_config_json(options)};
  const auto loaded = load_agent_config(sources);
  REQUIRE(loaded);
  auto values = loaded->values;
  for (const auto& each : agent_options(values)) {
    CAPTURE(each.key());
    CHECK(loaded->origins.at(each.key()) != "default");
  }
  CHECK(default_config_json(agent_options(values)) == default_config_json(options));
}

TEST_CASE("the generated schema has every option with its kind, bounds and default", "[config]") {
  agent_config config;
  const auto options = agent_options(config);
  const auto schema = nlohmann::json::parse(config_schema_json(options));
  CHECK(schema.at("additionalProperties") == false);
  const auto& port = schema.at("/properties/http/properties/port"_json_pointer);
  CHECK(port.at("type") == "integer");
  CHECK(port.at("maximum") == 65'535);
  CHECK(port.at("default") == 8080);
  const auto& policy = schema.at("/properties/scheduler/properties/policy"_json_pointer);
  CHECK(policy.at("enum") == nlohmann::json{"polling", "sharing", "stealing"});
  for (const auto& each : options) {
    CAPTURE(each.key());
    const nlohmann::json::json_pointer at{"/properties/" + std::string{each.section()} +
                                          "/properties/" + std::string{each.name()}};
    CHECK(schema.contains(at));
  }
}

TEST_CASE("the generated reference says of every option what may be set and how", "[config]") {
  agent_config config;
  const auto options = agent_options(config);
  const auto reference = config_reference(options);
  for (const auto& each : options) {
    CAPTURE(each.key());
    CHECK(reference.find("### `" + each.key() + "`") != std::string::npos);
    CHECK(reference.find(each.help()) != std::string::npos);
    CHECK(reference.find("`" + each.environment_variable() + "`") != std::string::npos);
  }
}
