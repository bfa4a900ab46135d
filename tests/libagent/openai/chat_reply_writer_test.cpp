#include "libagent/openai/chat_reply_writer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace libagent;
using nlohmann::json;

namespace {

const reply_head written_head{.id = "chatcmpl-7", .model = "agent:docs", .created = 1'700'000'000};

std::vector<std::string> events_of(const std::string& stream) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < stream.size()) {
    REQUIRE(stream.compare(at, 6, "data: ") == 0);
    const auto end = stream.find("\n\n", at);
    REQUIRE(end != std::string::npos);
    out.push_back(stream.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return out;
}

chat_reply plain_reply() {
  chat_reply reply;
  reply.message = {.role = chat_role::assistant, .content = "Hi \"you\""};
  reply.usage = {.prompt = 3, .completion = 2, .cached = 1};
  return reply;
}

}  // namespace

TEST_CASE("a reply has OpenAI's shape", "[openai]") {
  const auto body = json::parse(write_chat_reply(plain_reply(), written_head));
  const auto expected = json::parse(R"({
    "id":"chatcmpl-7","object":"chat.completion","created":1700000000,"model":"agent:docs",
    "choices":[{"index":0,"message":{"role":"assistant","content":"Hi \"you\"","refusal":null},
                "logprobs":null,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,
             "prompt_tokens_details":{"cached_tokens":1},
             "completion_tokens_details":{"reasoning_tokens":0}}})");
  CHECK(body == expected);
}

TEST_CASE("a reply that only calls tools has null for content", "[openai]") {
  auto reply = plain_reply();
  reply.message.content.clear();
  reply.message.tool_calls = {{"call_1", "f", "{\"a\":1}"}};
  reply.finish = finish_reason::tool_calls;
  const auto choice = json::parse(write_chat_reply(reply, written_head))["choices"][0];
  CHECK(choice["message"]["content"].is_null());
  CHECK(choice["finish_reason"] == "tool_calls");
  CHECK(choice["message"]["tool_calls"] == json::parse(R"([{"id":"call_1","type":"function",
    "function":{"name":"f","arguments":"{\"a\":1}"}}])"));
}

TEST_CASE("a stream begins with the role and ends with DONE", "[openai]") {
  std::string out;
  chat_stream_writer writer{written_head, false};
  writer.write_text("Hé", out);
  writer.write({.content = "\n"}, out);
  writer.finish(plain_reply(), out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 5);
  const auto chunk = json::parse(R"({"id":"chatcmpl-7","object":"chat.completion.chunk",
    "created":1700000000,"model":"agent:docs",
    "choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},
                "logprobs":null,"finish_reason":null}]})");
  CHECK(json::parse(events[0]) == chunk);
  CHECK(json::parse(events[1])["choices"][0]["delta"] == json{{"content", "Hé"}});
  CHECK(json::parse(events[2])["choices"][0]["delta"] == json{{"content", "\n"}});
  CHECK(json::parse(events[3])["choices"][0]["delta"] == json::object());
  CHECK(json::parse(events[3])["choices"][0]["finish_reason"] == "stop");
  CHECK_FALSE(json::parse(events[3]).contains("usage"));
  CHECK(events[4] == "[DONE]");
}

TEST_CASE("usage comes in a chunk of its own, only when asked for", "[openai]") {
  std::string out;
  chat_stream_writer writer{written_head, true};
  writer.finish(plain_reply(), out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 4);
  CHECK(json::parse(events[0])["usage"].is_null());
  CHECK(json::parse(events[1])["usage"].is_null());
  CHECK(json::parse(events[2])["choices"] == json::array());
  CHECK(json::parse(events[2])["usage"]["total_tokens"] == 5);
  CHECK(events[3] == "[DONE]");
}

TEST_CASE("tool calls are streamed piece by piece, with reasoning beside them", "[openai]") {
  std::string out;
  chat_stream_writer writer{written_head, false};
  writer.begin(out);
  writer.begin(out);
  writer.write(
      {.reasoning = "hm",
       .tool_calls = {{.index = 1, .id = "a", .name = "f"}, {.index = 0, .arguments = "{"}}},
      out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 3);
  CHECK(json::parse(events[1])["choices"][0]["delta"]["reasoning_content"] == "hm");
  CHECK(json::parse(events[2])["choices"][0]["delta"]["tool_calls"] == json::parse(R"([
    {"index":1,"id":"a","type":"function","function":{"name":"f","arguments":""}},
    {"index":0,"function":{"arguments":"{"}}])"));
}

TEST_CASE("a stream that fails ends with the error and without DONE", "[openai]") {
  std::string out;
  chat_stream_writer writer{written_head, true};
  writer.write_text("a", out);
  writer.fail({.status = 503, .message = "model went away", .code = "unavailable"}, out);
  const auto events = events_of(out);
  CHECK(json::parse(events.back()) == json::parse(R"({"error":{"message":"model went away",
    "type":"server_error","param":null,"code":"unavailable"}})"));
}
