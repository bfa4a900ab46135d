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

TEST_CASE("a server of models is named with its model, and its key only with it", "[config]") {
  config_sources sources;
  const auto load = [&sources](std::vector<std::string> overrides) {
    sources.overrides = std::move(overrides);
    return load_agent_config(sources);
  };
  const std::string url = "models.url=http://127.0.0.1:8080/v1";
  const auto both = load({url, "models.model=qwen", "models.api-key-env=MY_KEY"});
  REQUIRE(both);
  CHECK(both->values.models.model == "qwen");
  CHECK_FALSE(load({url}));
  CHECK_FALSE(load({"models.model=qwen"}));
  CHECK_FALSE(load({"models.api-key-env=MY_KEY"}));
}

TEST_CASE("a URL of models is one, without a password, and a key's variable is no key",
          "[config]") {
  const auto takes = [](const std::string& key, const std::string& value) {
    agent_config config;
    for (auto& each : agent_options(config)) {
      if (each.key() == key)
        return each.assign(value).has_value();
    }
    return false;
  };
  CHECK(takes("models.url", "https://api.openai.com/v1"));
  CHECK(takes("models.url", ""));
  CHECK_FALSE(takes("models.url", "localhost:8080"));
  CHECK_FALSE(takes("models.url", "http://"));
  CHECK_FALSE(takes("models.url", "http:///v1"));
  CHECK_FALSE(takes("models.url", "http://me:secret@host/v1"));
  CHECK(takes("models.api-key-env", "OPENAI_API_KEY"));
  CHECK_FALSE(takes("models.api-key-env", "sk-1234"));
  CHECK_FALSE(takes("models.api-key-env", "1KEY"));
}
