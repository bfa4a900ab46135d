#include "libagent/config/agent_options.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace libagent;

TEST_CASE("every option has its own key and variable, a help text and a default within its bounds",
          "[config]") {
  agent_config config;
  std::set<std::string> keys;
  std::set<std::string> variables;
  for (auto& each : agent_options(config)) {
    CAPTURE(each.key());
    CHECK(keys.insert(each.key()).second);
    CHECK(variables.insert(each.environment_variable()).second);
    CHECK(each.help().ends_with('.'));
    CHECK(each.key().find_first_not_of("abcdefghijklmnopqrstuvwxyz-.") == std::string::npos);
    CHECK(each.assign(each.default_text()));
  }
}

TEST_CASE("no two options share a variable, so each default is left alone by the others",
          "[config]") {
  agent_config config;
  auto options = agent_options(config);
  for (auto& changed : options) {
    if (changed.kind() != option_kind::integer)
      continue;
    const auto before = changed.text();
    const auto other =
        std::to_string(before == std::to_string(changed.high()) ? changed.low() : changed.high());
    REQUIRE(changed.assign(other));
    for (const auto& each : options) {
      CAPTURE(changed.key(), each.key());
      if (each.key() != changed.key())
        CHECK(each.text() == each.default_text());
    }
    REQUIRE(changed.assign(before));
  }
}
