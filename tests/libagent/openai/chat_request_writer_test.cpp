#include "libagent/openai/chat_request_writer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace libagent;
using nlohmann::json;

namespace {

chat_request small_request() {
  return {.model = "m", .messages = {{.content = "hi"}}};
}

json written(const chat_request& request, const chat_request_style& style = {}) {
  return json::parse(write_chat_request(request, style));
}

}  // namespace

TEST_CASE("a request says no more than it has to", "[openai]") {
  CHECK(written(small_request()) ==
        json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"));
}

TEST_CASE("a request for a stream asks for its usage unless told otherwise", "[openai]") {
  const auto body = written(small_request(), {.stream = true});
  CHECK(body["stream"] == true);
  CHECK(body["stream_options"]["include_usage"] == true);
  CHECK_FALSE(written(small_request(), {.stream = true, .include_usage = false})
                  .contains("stream_options"));
}

TEST_CASE("the limit of tokens goes by the name that the provider knows", "[openai]") {
  auto request = small_request();
  request.how.tokens_max = 9;
  CHECK(written(request)["max_tokens"] == 9);
  const auto body =
      written(request, {.tokens = chat_request_style::tokens_field::max_completion_tokens});
  CHECK(body["max_completion_tokens"] == 9);
  CHECK_FALSE(body.contains("max_tokens"));
}

TEST_CASE("a request has all that was asked for", "[openai]") {
  auto request = small_request();
  request.how = {.temperature = 0.5,
                 .top_p = 1,
                 .presence_penalty = -1,
                 .frequency_penalty = 2,
                 .seed = -3,
                 .stop = {"a", "b"},
                 .reasoning_effort = "low"};
  request.tools = {{"f", "does f", {R"({"type":"object","properties":{"z":{},"a":{}}})"}, true},
                   {"g", "", {}, false}};
  request.choice = {tool_choice_mode::function, "g"};
  request.parallel_tool_calls = false;
  request.format = {reply_format_kind::json_schema, "", {R"({"type":"object"})"}, true};
  request.user = "u";
  CHECK(written(request) == json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}],
    "tools":[{"type":"function","function":{"name":"f","description":"does f","strict":true,
               "parameters":{"type":"object","properties":{"z":{},"a":{}}}}},
             {"type":"function","function":{"name":"g",
               "parameters":{"type":"object","properties":{}}}}],
    "tool_choice":{"type":"function","function":{"name":"g"}},"parallel_tool_calls":false,
    "response_format":{"type":"json_schema","json_schema":{"name":"reply",
                       "schema":{"type":"object"},"strict":true}},
    "temperature":0.5,"top_p":1,"presence_penalty":-1,"frequency_penalty":2,"seed":-3,
    "stop":["a","b"],"reasoning_effort":"low","user":"u"})"));
  CHECK_THAT(write_chat_request(request, {}), Catch::Contains(R"("properties":{"z":{},"a":{}})"));
}

TEST_CASE("without tools nothing is said about choosing among them", "[openai]") {
  auto request = small_request();
  request.choice.mode = tool_choice_mode::required;
  CHECK_FALSE(written(request).contains("tool_choice"));
}

TEST_CASE("arguments of earlier calls are always valid JSON", "[openai]") {
  auto request = small_request();
  request.messages.push_back({.role = chat_role::assistant,
                              .tool_calls = {{"1", "f", ""},
                                             {"2", "f", "{\"a\":1}"},
                                             {"3", "f", "{\"a\":"},
                                             {"4", "f", "[1]"}},
                              .reasoning = "thought"});
  request.messages.push_back({.role = chat_role::tool, .content = "r", .tool_call_id = "1"});
  const auto messages = written(request)["messages"];
  CHECK(messages[1]["content"].is_null());
  CHECK_FALSE(messages[1].contains("reasoning_content"));
  const auto arguments = [&](std::size_t i) {
    return messages[1]["tool_calls"][i]["function"]["arguments"].get<std::string>();
  };
  CHECK(arguments(0) == "{}");
  CHECK(arguments(1) == "{\"a\":1}");
  CHECK(json::parse(arguments(2)) == json{{"invalid_arguments", "{\"a\":"}});
  CHECK(json::parse(arguments(3)) == json{{"invalid_arguments", "[1]"}});
  CHECK(messages[2] == json{{"role", "tool"}, {"tool_call_id", "1"}, {"content", "r"}});
}

TEST_CASE("content in parts goes out as it came", "[openai]") {
  auto request = small_request();
  request.messages[0].parts.text = R"([{"type":"image_url","image_url":{"url":"data:,"}}])";
  CHECK(written(request)["messages"][0]["content"][0]["type"] == "image_url");
}

TEST_CASE("further members of a provider's own come last", "[openai]") {
  const chat_request_style style{.extra = {R"( {"cache_prompt":true,"id_slot":1} )"}};
  const auto body = written(small_request(), style);
  CHECK(body["cache_prompt"] == true);
  CHECK(body["id_slot"] == 1);
  CHECK(written(small_request(), {.extra = {"{ }"}}).size() == 2);
}
