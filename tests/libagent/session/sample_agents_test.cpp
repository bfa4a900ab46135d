#include "libagent/models/provider_settings.hpp"
#include "libagent/record/json.hpp"
#include "libagent/record/json_schema.hpp"
#include "libagent/session/agent_declaration.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace libagent;

namespace {

std::filesystem::path in_repository(const std::string& name) {
  return std::filesystem::path{LIBAGENT_SOURCE_DIR} / name;
}

std::string sample_text(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// As check_fresh of the configuration's generated files.
void check_schema_is_fresh(const std::string& name, const std::string& generated) {
  if (std::getenv("LIBAGENT_REFRESH") != nullptr)
    std::ofstream{in_repository(name), std::ios::binary} << generated;
  INFO(name << " is stale. Refresh it: LIBAGENT_REFRESH=1 ctest -R 'generated'");
  CHECK(sample_text(in_repository(name)) == generated);
}

std::vector<agent_declaration> sample_agents() {
  std::vector<agent_declaration> all;
  for (const auto& entry : std::filesystem::directory_iterator{in_repository("configs/agents")}) {
    INFO(entry.path());
    auto read = from_json<agent_declaration>(sample_text(entry.path()));
    INFO((read ? "" : read.error().context));
    REQUIRE(read);
    CHECK(read->name == entry.path().stem());
    all.push_back(*std::move(read));
  }
  return all;
}

}  // namespace

TEST_CASE("the generated schemas of agents and of models are fresh", "[session]") {
  check_schema_is_fresh("configs/schemas/agent.schema.json",
                        json_schema<agent_declaration>() + "\n");
  check_schema_is_fresh("configs/schemas/models.schema.json", models_file_schema() + "\n");
}

TEST_CASE("the sample agents are declarations that refer to each other", "[session]") {
  const auto all = sample_agents();
  const auto is_there = [&all](const std::string& name) {
    return std::ranges::any_of(all, [&name](const auto& one) { return one.name == name; });
  };
  REQUIRE(is_there("documents"));
  for (const auto& agent : all) {
    CAPTURE(agent.name);
    CHECK(std::ranges::all_of(agent.agents, is_there));
    CHECK(std::ranges::all_of(agent.handovers, is_there));
    for (const auto& tool : agent.approvals)
      CHECK(std::ranges::find(agent.tools, tool) != agent.tools.end());
  }
}

TEST_CASE("the sample file of models can be read as it is", "[session]") {
  const auto read = read_models_file(sample_text(in_repository("configs/models.example.json")));
  INFO((read ? "" : read.error().context));
  REQUIRE(read);
  CHECK(read->providers.size() == 3);
}
