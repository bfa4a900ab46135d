#include "libagent/tools/agent_world.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("agents are found by name, declared or written in C++", "[tools]") {
  const fixed_agents agents{{{.name = "b", .description = "B.", .model = "m/n", .tools = {"web"}}},
                            {{.name = "a", .description = "A."}}};
  CHECK(agents.find("b")->tools == std::vector<std::string>{"web"});
  CHECK_FALSE(is_written(*agents.find("b")));
  CHECK(is_written(*agents.find("a")));
  CHECK(agents.description("a") == "A.");
  CHECK_FALSE(agents.find("c"));
  CHECK_FALSE(agents.description("c"));
}

TEST_CASE("agents are listed by name, those in C++ without a model") {
  const fixed_agents agents{{{.name = "b", .description = "B.", .model = "m/n"}},
                            {{.name = "a", .description = "A."}}};
  const auto all = agents.list();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "a");
  CHECK(all[0].model.empty());
  CHECK(all[1].model == "m/n");
}

TEST_CASE("two agents cannot have one name, whoever made them") {
  CHECK_THROWS_AS((fixed_agents{{{.name = "a"}}, {{.name = "a"}}}), contract_violation);
}
