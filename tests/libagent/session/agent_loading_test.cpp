#include "libagent/session/agent_loading.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace libagent;

namespace {

agent_surroundings catalog_world() {
  return {.tools = {"read_file", "web"}, .agents = {{"documents", "Answers from files."}}};
}

std::vector<std::string> problems_of(const std::vector<agent_source>& sources) {
  auto world = catalog_world();
  world.check_model = [](std::string_view model) -> expected<void> {
    if (model == "extractive")
      return {};
    return error{errc::not_found, "there is no provider"};
  };
  std::vector<std::string> out;
  for (const auto& p : load_agents(sources, world).problems)
    out.push_back(to_string(p));
  return out;
}

bool is_said(const std::vector<std::string>& all, const std::string& what) {
  return std::ranges::find(all, what) != all.end();
}

}  // namespace

TEST_CASE("declarations come back by name, whatever the order of their files", "[session]") {
  const auto loaded = load_agents(
      std::vector<agent_source>{{"1.json", R"({"name":"b","description":"B."})"},
                                {"2.json", R"({"name":"a","description":"A.","tools":["web"],)"
                                           R"("agents":["documents"],"handovers":["b"]})"}},
      catalog_world());
  REQUIRE(loaded.problems.empty());
  REQUIRE(loaded.declared.size() == 2);
  CHECK(loaded.declared[0].name == "a");
  CHECK(loaded.declared[0].tools == std::vector<std::string>{"web"});
  CHECK(loaded.declared[1].description == "B.");
}

TEST_CASE("all that is wrong is said at once, with file, line and path") {
  const auto said = problems_of(
      {{"a.json",
        "{\"name\":\"a b\",\n\"description\":\"A.\",\n\"tools\":[\"web\",\"red_file\"],\n"
        "\"approvals\":[\"read_file\"],\n\"handovers\":[\"documents\"],\n"
        "\"model\":\"x/y\"}"},
       {"b.json", R"({"name":"b","description":1})"},
       {"c.json", "{"}});
  CHECK(is_said(said, "a.json:1: /name: expected 1 to 64 letters, digits, \"_\" or \"-\""));
  CHECK(
      is_said(said, "a.json:3: /tools/1: there is no \"red_file\" (did you mean \"read_file\"?)"));
  CHECK(is_said(said,
                "a.json:4: /approvals/0: there is no \"read_file\" (did you mean \"red_file\"?)"));
  CHECK(is_said(said, "a.json:5: /handovers/0: there is no \"documents\""));
  CHECK(is_said(said, "a.json:6: /model: there is no provider"));
  CHECK(is_said(said, "b.json:1: /description: expected string, got number 1"));
  CHECK(said.size() == 7);
}

TEST_CASE("two agents cannot have one name") {
  const auto said = problems_of({{"a.json", R"({"name":"a","description":"A."})"},
                                 {"b.json", R"({"name":"a","description":"B."})"},
                                 {"c.json", R"({"name":"documents","description":"C."})"}});
  CHECK(said.size() == 2);
}

TEST_CASE("agents cannot ask themselves, nor in a circle") {
  const auto said = problems_of({{"a.json", R"({"name":"a","description":"A.","agents":["b"]})"},
                                 {"b.json", R"({"name":"b","description":"B.","agents":["a"]})"},
                                 {"c.json", R"({"name":"c","description":"C.","agents":["c"]})"}});
  CHECK(is_said(said, "a.json:1: /agents: in the end it asks itself"));
  CHECK(is_said(said, "b.json:1: /agents: in the end it asks itself"));
  CHECK(is_said(said, "c.json:1: /agents/0: an agent cannot name itself"));
}
