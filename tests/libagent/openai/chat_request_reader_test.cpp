#include "libagent/openai/chat_request_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

incoming_chat good_chat_request(const std::string& body) {
  auto read = read_chat_request(body);
  if (const auto* refused = std::get_if<http_error>(&read))
    FAIL(refused->message);
  return std::get<incoming_chat>(read);
}

http_error refused_chat_request(const std::string& body, const chat_request_limits& limits = {}) {
  auto read = read_chat_request(body, limits);
  REQUIRE(std::holds_alternative<http_error>(read));
  CHECK(std::get<http_error>(read).type == "invalid_request_error");
  return std::get<http_error>(read);
}

/// A good request with further members, which may replace those before.
std::string request_with(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + members + "}";
}

std::string request_of(const std::string& messages) {
  return R"({"model":"m","messages":[)" + messages + "]}";
}

const std::string two_tools =
    R"("tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,)"
    R"("parameters":{"type":"object","properties":{"z":{},"a":{}}}}},)"
    R"({"type":"function","function":{"name":"g"}}])";

}  // namespace

TEST_CASE("a request needs no more than a model and a message", "[openai]") {
  const auto in = good_chat_request(request_of(R"({"role":"user","content":"hi"})"));
  CHECK(in == incoming_chat{.chat = {.model = "m", .messages = {{.content = "hi"}}}});
}

TEST_CASE("a request's settings are read", "[openai]") {
  const auto in = good_chat_request(request_with(
      R"("stream":true,"stream_options":{"include_usage":true},"n":1,"temperature":0.5,"top_p":1,
         "presence_penalty":-2,"frequency_penalty":2,"seed":-3,"max_tokens":5,
         "max_completion_tokens":6,"stop":["a","b"],"user":"u","session":"s","metadata":{"k":"v"},
         "reasoning_effort":"low","parallel_tool_calls":false,"unknown":{"is":["ignored"]})"));
  CHECK(in.stream);
  CHECK(in.include_usage);
  CHECK(in.session == "s");
  CHECK(in.metadata.at(0) == std::pair<std::string, std::string>{"k", "v"});
  CHECK(in.chat.user == "u");
  CHECK(in.chat.parallel_tool_calls == false);
  CHECK(in.chat.how == sampling{.temperature = 0.5,
                                .top_p = 1,
                                .presence_penalty = -2,
                                .frequency_penalty = 2,
                                .seed = -3,
                                .tokens_max = 6,
                                .stop = {"a", "b"},
                                .reasoning_effort = "low"});
  CHECK(good_chat_request(request_with(R"("stop":"x")")).chat.how.stop ==
        std::vector<std::string>{"x"});
}

TEST_CASE("null means absent", "[openai]") {
  const auto in = good_chat_request(request_with(
      R"("stream":null,"stream_options":null,"n":null,"temperature":null,"stop":null,"tools":null,
         "tool_choice":null,"response_format":null,"metadata":null,"user":null)"));
  CHECK(in == incoming_chat{.chat = {.model = "m", .messages = {{.content = "hi"}}}});
}

TEST_CASE("content in parts becomes text, and stays in parts where it is more", "[openai]") {
  const auto text = good_chat_request(request_of(
      R"({"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
         {"role":"user","content":[]})"));
  CHECK(text.chat.messages[0].role == chat_role::system);
  CHECK(text.chat.messages[0].content == "a\nb");
  CHECK(text.chat.messages[0].parts.text.empty());
  const auto image = good_chat_request(request_of(
      R"({"role":"user","content":[ {"type":"text", "text":"a"},
          {"type":"image_url","image_url":{"url":"data:,"}}]})"));
  CHECK(image.chat.messages[0].content == "a");
  CHECK(image.chat.messages[0].parts.text ==
        R"([{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:,"}}])");
}

TEST_CASE("tool calls and their results are read", "[openai]") {
  const auto in = good_chat_request(request_of(
      R"({"role":"assistant","content":null,"reasoning_content":"r","tool_calls":[
            {"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},
            {"id":"2","function":{"name":"g","arguments":{"a":1}}}]},
         {"role":"tool","tool_call_id":"2","content":"x"},
         {"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"y"}]})"));
  CHECK(in.chat.messages[0].tool_calls ==
        std::vector<tool_call>{{"1", "f", "{}"}, {"2", "g", "{\"a\":1}"}});
  CHECK(in.chat.messages[0].reasoning == "r");
  CHECK(in.chat.messages[1].tool_call_id == "2");
  CHECK(in.chat.messages[2].content == "y");
}

TEST_CASE("every tool call has to be followed at once by its result", "[openai]") {
  const std::string calls =
      R"({"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}},
                                           {"id":"2","function":{"name":"f"}}]})";
  const std::string first = R"(,{"role":"tool","tool_call_id":"1","content":"x"})";
  const std::string second = R"(,{"role":"tool","tool_call_id":"2","content":"x"})";
  const std::string user = R"(,{"role":"user","content":"x"})";
  CHECK(good_chat_request(request_of(calls + second + first + user)).chat.messages.size() == 4);

  const auto open = refused_chat_request(request_of(calls + first));
  CHECK(open.status == 400);
  CHECK(open.param == "messages[0].tool_calls");
  CHECK_THAT(open.message, Catch::Contains("no result for call \"2\""));
  CHECK(refused_chat_request(request_of(calls + first + user + second)).param ==
        "messages[0].tool_calls");

  const auto twice = refused_chat_request(request_of(calls + first + first));
  CHECK(twice.param == "messages[2].tool_call_id");
  CHECK(refused_chat_request(request_of(R"({"role":"tool","tool_call_id":"1","content":"x"})"))
            .param == "messages[0].tool_call_id");
}

TEST_CASE("tools keep their schema as it came", "[openai]") {
  const auto in = good_chat_request(request_with(two_tools));
  CHECK(in.chat.tools ==
        std::vector<tool_definition>{
            {"f", "d", {R"({"type":"object","properties":{"z":{},"a":{}}})"}, true},
            {"g", "", {}, false}});
}

TEST_CASE("all forms of choosing a tool are understood", "[openai]") {
  const auto choose = [](const std::string& choice) {
    return good_chat_request(request_with(two_tools + R"(,"tool_choice":)" + choice)).chat;
  };
  CHECK(choose("\"auto\"").choice.mode == tool_choice_mode::automatic);
  CHECK(choose("\"none\"").choice.mode == tool_choice_mode::none);
  CHECK(choose("\"required\"").choice.mode == tool_choice_mode::required);
  CHECK(choose(R"({"type":"function","function":{"name":"g"}})").choice ==
        tool_choice{tool_choice_mode::function, "g"});
  const auto some = choose(R"({"type":"allowed_tools","allowed_tools":{"mode":"required",
      "tools":[{"type":"function","function":{"name":"g"}}]}})");
  CHECK(some.choice.mode == tool_choice_mode::required);
  REQUIRE(some.tools.size() == 1);
  CHECK(some.tools[0].name == "g");
}

TEST_CASE("all forms of a reply's format are understood", "[openai]") {
  const auto format = [](const std::string& value) {
    return good_chat_request(request_with(R"("response_format":)" + value)).chat.format;
  };
  CHECK(format(R"({"type":"text"})") == reply_format{});
  CHECK(format(R"({"type":"json_object"})").kind == reply_format_kind::json_object);
  CHECK(format(R"({"type":"json_schema","json_schema":{"name":"n","strict":true,
                   "schema":{"b":1,"a":2}}})") ==
        reply_format{reply_format_kind::json_schema, "n", {R"({"b":1,"a":2})"}, true});
  const reply_format direct{reply_format_kind::json_schema, "", {R"({"a":2})"}, false};
  CHECK(format(R"({"type":"json_schema","schema":{"a":2}})") == direct);
  CHECK(format(R"({"type":"json_object","schema":{"a":2}})") == direct);
}

TEST_CASE("what is wrong is named with its place", "[openai]") {
  const auto [body, param, code] = GENERATE(table<std::string, std::string, std::string>({
      {"[]", "", "invalid_type"},
      {R"({"messages":[]})", "model", "missing_required_parameter"},
      {R"({"model":3})", "model", "invalid_type"},
      {R"({"model":""})", "model", "invalid_value"},
      {R"({"model":"m"})", "messages", "missing_required_parameter"},
      {R"({"model":"m","messages":{}})", "messages", "invalid_type"},
      {request_of(""), "messages", "invalid_value"},
      {request_of("1"), "messages[0]", "invalid_type"},
      {request_of("{}"), "messages[0].role", "missing_required_parameter"},
      {request_of(R"({"role":"function"})"), "messages[0].role", "invalid_value"},
      {request_of(R"({"role":"user"})"), "messages[0].content", "missing_required_parameter"},
      {request_of(R"({"role":"user","content":3})"), "messages[0].content", "invalid_type"},
      {request_of(R"({"role":"user","content":[3]})"), "messages[0].content[0]", "invalid_type"},
      {request_of(R"({"role":"user","content":[{"type":"video"}]})"), "messages[0].content[0].type",
       "invalid_value"},
      {request_of(R"({"role":"system","content":[{"type":"file","file":{}}]})"),
       "messages[0].content[0].type", "invalid_value"},
      {request_of(R"({"role":"user","content":[{"type":"image_url"}]})"),
       "messages[0].content[0].image_url", "invalid_type"},
      {request_of(R"({"role":"tool","content":"x"})"), "messages[0].tool_call_id",
       "missing_required_parameter"},
      {request_of(R"({"role":"assistant","tool_calls":[{"function":{"name":"f"}}]})"),
       "messages[0].tool_calls[0].id", "missing_required_parameter"},
      {request_of(R"({"role":"assistant","tool_calls":[{"id":"1","type":"custom"}]})"),
       "messages[0].tool_calls[0].type", "invalid_value"},
      {request_of(
           R"({"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":3}}]})"),
       "messages[0].tool_calls[0].function.arguments", "invalid_type"},
      {request_with(R"("n":2)"), "n", "unsupported_value"},
      {request_with(R"("stream":"yes")"), "stream", "invalid_type"},
      {request_with(R"("stream_options":{"include_usage":1})"), "stream_options.include_usage",
       "invalid_type"},
      {request_with(R"("temperature":2.1)"), "temperature", "invalid_value"},
      {request_with(R"("max_tokens":0)"), "max_tokens", "invalid_value"},
      {request_with(R"("seed":1.5)"), "seed", "invalid_value"},
      {request_with(R"("stop":["1","2","3","4","5"])"), "stop", "array_above_max_length"},
      {request_with(R"("stop":["1",2])"), "stop[1]", "invalid_type"},
      {request_with(R"("metadata":{"a":1})"), "metadata.a", "invalid_type"},
      {request_with(R"("functions":[])"), "functions", "unsupported_parameter"},
      {request_with(R"("tools":[{"type":"custom"}])"), "tools[0].type", "unsupported_value"},
      {request_with(R"("tools":[{"type":"function","function":{"name":"a b"}}])"),
       "tools[0].function.name", "invalid_value"},
      {request_with(R"("tools":[{"type":"function","function":{"name":"f","parameters":1}}])"),
       "tools[0].function.parameters", "invalid_type"},
      {request_with(two_tools + R"(,"tool_choice":{"type":"function","function":{"name":"h"}})"),
       "tool_choice.function.name", "invalid_value"},
      {request_with(R"("tool_choice":"required")"), "tool_choice", "invalid_value"},
      {request_with(R"("tool_choice":"maybe")"), "tool_choice", "invalid_value"},
      {request_with(R"("response_format":{"type":"xml"})"), "response_format.type",
       "invalid_value"},
      {request_with(R"("response_format":{"type":"json_schema"})"), "response_format.json_schema",
       "invalid_type"},
  }));
  CAPTURE(body);
  const auto refused = refused_chat_request(body);
  CHECK(refused.status == 400);
  CHECK(refused.param == param);
  CHECK(refused.code == code);
  CHECK_THAT(refused.message, Catch::StartsWith(param));
}

TEST_CASE("a body that is no JSON is refused with line and column", "[openai]") {
  const auto refused = refused_chat_request("{\n\"model\": }");
  CHECK(refused.code == "invalid_json");
  CHECK_THAT(refused.message, Catch::Contains("line 2, column 10"));
}

TEST_CASE("a request's limits hold on both sides", "[openai]") {
  const auto two = request_of(R"({"role":"user","content":"a"},{"role":"user","content":"b"})");
  CHECK(std::holds_alternative<incoming_chat>(read_chat_request(two, {.messages_max = 2})));
  CHECK(refused_chat_request(two, {.messages_max = 1}).param == "messages");
  CHECK(std::holds_alternative<incoming_chat>(
      read_chat_request(two, {.body_bytes_max = two.size()})));
  CHECK(refused_chat_request(two, {.body_bytes_max = two.size() - 1}).status == 413);
  CHECK(std::holds_alternative<incoming_chat>(read_chat_request(two, {.depth_max = 3})));
  CHECK(refused_chat_request(two, {.depth_max = 2}).code == "invalid_json");
  CHECK(refused_chat_request(request_with(two_tools), {.tools_max = 1}).param == "tools");
  const auto parts = request_of(
      R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})");
  CHECK(refused_chat_request(parts, {.parts_max = 1}).code == "array_above_max_length");
}
