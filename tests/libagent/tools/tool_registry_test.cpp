#include "libagent/tools/tool_registry.hpp"

#include "libagent/tools/tool_info.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

// From here to the end of `register_greet`: all that a tool needs, in eleven lines of code.
struct greeting {
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, greeting& x) {
  return record(f, x, "greeting", field("text", "A name or a greeting.", x.text));
}

expected<void> register_greet(tool_registry& tools) {
  return tools.add({.name = "greet", .description = "Greets a person by name."},
                   [](const greeting& in) { return greeting{"Hello, " + in.text + "!"}; });
}

namespace {

/// Adds a tool that differs from a good one as `change` says.
template <class Change>
expected<void> add_changed(tool_registry& tools, Change change) {
  tool_spec spec{.name = "greet", .description = "Greets."};
  change(spec);
  return tools.add(std::move(spec), [](const greeting& in) { return in; });
}

std::vector<std::string> names_in(const tool_registry& tools) {
  std::vector<std::string> names;
  for (const auto& each : tools.list())
    names.push_back(each->spec().name);
  return names;
}

}  // namespace

TEST_CASE("a tool is registered with one struct and one lambda, and then runs", "[tools]") {
  tool_registry tools;
  REQUIRE(register_greet(tools));
  CHECK(tools.find("greet")->run(R"({"text":"Ada"})", {}).value() == R"({"text":"Hello, Ada!"})");
}

TEST_CASE("tools are listed by name", "[tools]") {
  tool_registry tools;
  for (const std::string name : {"b", "c", "a"})
    REQUIRE(add_changed(tools, [&name](tool_spec& spec) { spec.name = name; }));
  CHECK(names_in(tools) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("an unknown tool is null to find, and an error with a suggestion to lookup", "[tools]") {
  tool_registry tools;
  REQUIRE(register_greet(tools));
  CHECK(tools.find("gret") == nullptr);
  CHECK(tools.lookup("greet").value() == tools.find("greet"));
  CHECK(tools.lookup("gret").error() ==
        error{errc::not_found, R"(find tool: no tool is called "gret" (did you mean "greet"?))"});
  CHECK(tools.lookup("zzz").error().context == R"(find tool: no tool is called "zzz")");
}

TEST_CASE("a tool's name has 1 to 64 letters, digits, underscores and dashes", "[tools]") {
  tool_registry tools;
  const auto with_name = [&tools](const std::string& name) {
    return add_changed(tools, [&name](tool_spec& spec) { spec.name = name; });
  };
  CHECK(with_name("Az09_-"));
  CHECK(with_name(std::string(64, 'x')));
  for (const std::string& name : {std::string{}, std::string(65, 'x'), std::string{"a b"},
                                  std::string{"a.b"}, std::string{"\xC3\xA4"}}) {
    CAPTURE(name);
    const auto added = with_name(name);
    REQUIRE_FALSE(added);
    CHECK(added.error().code == errc::invalid_argument);
  }
  CHECK(tools.list().size() == 2);
}

TEST_CASE("a name is given once", "[tools]") {
  tool_registry tools;
  REQUIRE(register_greet(tools));
  CHECK(register_greet(tools).error() ==
        error{errc::already_exists, R"(add tool "greet": there is one of that name)"});
}

TEST_CASE("a tool that cannot be run as declared is refused when it is added", "[tools]") {
  tool_registry tools;
  CHECK(add_changed(tools, [](tool_spec& spec) { spec.description.clear(); }).error().context ==
        R"(add tool "greet": it has no description)");
  CHECK(add_changed(tools, [](tool_spec& spec) { spec.timeout = 0ms; }).error().code ==
        errc::invalid_argument);
  CHECK(add_changed(tools,
                    [](tool_spec& spec) {
                      spec.tool_effects = effects::once;
                      spec.cache_ttl = 1s;
                    })
            .error()
            .code == errc::invalid_argument);
  CHECK(tools.list().empty());
}

TEST_CASE("a tool's description for others has its spec and its schemas", "[tools]") {
  tool_registry tools;
  REQUIRE(register_greet(tools));
  const auto info = describe(*tools.find("greet"));
  CHECK(info.name == "greet");
  CHECK(info.timeout_ms == 30'000);
  const auto text = to_json(info);
  CHECK(text.find(R"("isolation":"inline","effects":"idempotent","timeout_ms":30000)") !=
        std::string::npos);
  CHECK(text.find(R"("input_schema":{"$schema":)") != std::string::npos);
  CHECK(from_json<tool_info>(text)->description == "Greets a person by name.");
}
