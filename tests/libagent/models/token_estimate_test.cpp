#include "libagent/models/token_estimate.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

TEST_CASE("a text is estimated at a token for three bytes, rounded up", "[models]") {
  CHECK(estimate_tokens("") == 0);
  CHECK(estimate_tokens("abc") == 1);
  CHECK(estimate_tokens("abcd") == 2);
}

TEST_CASE("everything that a model reads counts", "[models]") {
  chat_request request;
  request.messages.push_back({.content = "abc", .tool_calls = {}, .parts = {}});
  const auto text = estimate_prompt_tokens(request);
  CHECK(text > 1);
  request.messages.back().tool_calls.push_back({"id", "add", R"({"a":1})"});
  const auto call = estimate_prompt_tokens(request);
  CHECK(call > text);
  request.tools.push_back({.name = "add", .description = "Adds.", .parameters = {"{}"}});
  const auto tool = estimate_prompt_tokens(request);
  CHECK(tool > call);
  request.format.schema.text = std::string(300, ' ');
  CHECK(estimate_prompt_tokens(request) == tool + 100);
}
