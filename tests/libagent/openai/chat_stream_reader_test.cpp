#include "libagent/openai/chat_stream_reader.hpp"

#include "libagent/base/random.hpp"
#include "libagent/openai/chat_reply_writer.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

using namespace libagent;

namespace {

std::string event_of(std::string_view json) {
  return "data: " + std::string{json} + "\n\n";
}

std::string chunk_of(std::string_view delta, std::string_view finish = "null") {
  return event_of(R"({"id":"c1","model":"m","choices":[{"index":0,"delta":)" + std::string{delta} +
                  R"(,"finish_reason":)" + std::string{finish} + "}]}");
}

const std::string done_event = "data: [DONE]\n\n";

struct stream_outcome {
  expected<chat_reply> reply;
  std::vector<chat_delta> deltas;
};

stream_outcome read_all(const std::string& bytes, const chat_reply_options& options = {}) {
  std::vector<chat_delta> deltas;
  chat_stream_reader reader{[&deltas](const chat_delta& delta) { deltas.push_back(delta); },
                            options};
  const auto fed = reader.feed(bytes);
  auto reply = reader.finish();
  CHECK((fed || !reply));
  return {std::move(reply), std::move(deltas)};
}

chat_reply good_reply(const std::string& bytes) {
  auto outcome = read_all(bytes);
  if (!outcome.reply)
    FAIL(to_string(outcome.reply.error()));
  return *outcome.reply;
}

errc failure_of(const std::string& bytes, const chat_reply_options& options = {}) {
  const auto outcome = read_all(bytes, options);
  return outcome.reply ? errc::ok : outcome.reply.error().code;
}

std::string calls_chunk(std::string_view pieces) {
  return chunk_of(R"({"tool_calls":[)" + std::string{pieces} + "]}");
}

}  // namespace

TEST_CASE("a stream of text becomes deltas and a reply", "[openai]") {
  const auto outcome =
      read_all(chunk_of(R"({"role":"assistant","content":""})") + chunk_of(R"({"content":"Hel"})") +
               chunk_of(R"({"content":"lo"})") + chunk_of("{}", "\"stop\"") +
               event_of(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,)"
                        R"("prompt_tokens_details":{"cached_tokens":3},)"
                        R"("completion_tokens_details":{"reasoning_tokens":1}}})") +
               done_event);
  REQUIRE(outcome.reply);
  CHECK(outcome.deltas == std::vector<chat_delta>{{.content = "Hel"}, {.content = "lo"}});
  CHECK(outcome.reply->id == "c1");
  CHECK(outcome.reply->model == "m");
  CHECK(outcome.reply->message.content == "Hello");
  CHECK(outcome.reply->message.role == chat_role::assistant);
  CHECK(outcome.reply->finish == finish_reason::stop);
  CHECK(outcome.reply->usage ==
        token_usage{.prompt = 7, .completion = 2, .cached = 3, .reasoning = 1});
}

TEST_CASE("usage that nobody told is estimated and says so", "[openai]") {
  const auto bytes = chunk_of(R"({"content":"12345"})", "\"stop\"") + done_event;
  const auto outcome = read_all(bytes, {.request_bytes = 100});
  REQUIRE(outcome.reply);
  CHECK(outcome.reply->usage == token_usage{.prompt = 25, .completion = 2, .estimated = true});
}

TEST_CASE("llama.cpp's timings count where there is no usage", "[openai]") {
  const auto reply =
      good_reply(chunk_of(R"({"reasoning_content":"hm"})") + chunk_of(R"({"content":"ok"})") +
                 event_of(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],)"
                          R"("timings":{"cache_n":236,"prompt_n":1,"predicted_n":35}})") +
                 done_event);
  CHECK(reply.usage == token_usage{.prompt = 237, .completion = 35, .cached = 236});
  CHECK(reply.message.reasoning == "hm");
  CHECK(reply.message.content == "ok");
}

TEST_CASE("a stream without finish and without DONE was cut", "[openai]") {
  const auto some = chunk_of(R"({"content":"a"})");
  CHECK(failure_of(some) == errc::unavailable);
  CHECK(failure_of("") == errc::unavailable);
  CHECK(failure_of("data: {\"cho") == errc::unavailable);
  CHECK(failure_of(": keep-alive\n\n") == errc::unavailable);
  CHECK(failure_of(some + done_event) == errc::ok);
  CHECK(failure_of(chunk_of(R"({"content":"a"})", "\"stop\"")) == errc::ok);
}

TEST_CASE("what is no stream of chunks is corrupt", "[openai]") {
  CHECK(failure_of("<html><body>Bad gateway</body></html>") == errc::corrupt);
  CHECK(failure_of(event_of("{\"choices\":[")) == errc::corrupt);
  CHECK(failure_of(event_of("[1]")) == errc::corrupt);
  CHECK(failure_of(event_of("{\"x\":1}") + done_event) == errc::corrupt);
  CHECK(failure_of(done_event) == errc::corrupt);
}

TEST_CASE("an error within a stream ends it, and what was written stays", "[openai]") {
  std::string seen;
  chat_stream_reader reader{[&seen](const chat_delta& delta) { seen += delta.content; }};
  CHECK(reader.feed(chunk_of(R"({"content":"begun"})")));
  const auto failed =
      reader.feed(event_of(R"({"error":{"message":"out of slots","type":"overloaded_error"}})") +
                  chunk_of(R"({"content":"never"})"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::overloaded);
  CHECK_THAT(failed.error().context, Catch::Contains("out of slots"));
  CHECK(seen == "begun");
  CHECK(reader.began());
  CHECK(reader.so_far().content == "begun");
  CHECK(reader.usage().estimated);
  CHECK(reader.feed("more").error() == failed.error());
  CHECK(reader.finish().error() == failed.error());
}

TEST_CASE("an event called error is one, whatever shape it has", "[openai]") {
  CHECK(failure_of("event: error\ndata: {\"message\":\"x\"}\n\n") == errc::unavailable);
  CHECK(failure_of(event_of(R"({"error":"model crashed"})")) == errc::unavailable);
  CHECK(failure_of(event_of(R"({"error":null,"choices":[]})") + done_event) == errc::ok);
}

TEST_CASE("nothing is read after DONE", "[openai]") {
  const auto outcome = read_all(chunk_of(R"({"content":"a"})") + done_event +
                                chunk_of(R"({"content":"b"})") + event_of(R"({"error":"late"})"));
  REQUIRE(outcome.reply);
  CHECK(outcome.reply->message.content == "a");
}

TEST_CASE("a reply in one piece is taken for a stream", "[openai]") {
  const auto outcome = read_all(
      "\r\n {\"choices\":[{\"message\":{\"content\":\"all\",\"tool_calls\":[{\"function\":"
      "{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}");
  REQUIRE(outcome.reply);
  REQUIRE(outcome.deltas.size() == 1);
  CHECK(outcome.deltas[0].content == "all");
  CHECK(outcome.deltas[0].tool_calls[0].id == outcome.reply->message.tool_calls[0].id);
  CHECK(failure_of(R"({"error":{"message":"no","code":429}})") == errc::rate_limited);
}

TEST_CASE("tool calls that interleave are put together by index", "[openai]") {
  const auto outcome = read_all(
      calls_chunk(
          R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})") +
      calls_chunk(R"({"index":1,"id":"b","function":{"name":"g","arguments":"{\"x\""}})") +
      calls_chunk(
          R"({"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":":1}"}})") +
      chunk_of("{}", "\"tool_calls\"") + done_event);
  REQUIRE(outcome.reply);
  CHECK(outcome.reply->message.tool_calls ==
        std::vector<tool_call>{{"a", "f", "{}"}, {"b", "g", "{\"x\":1}"}});
  REQUIRE(outcome.deltas.size() == 3);
  CHECK(outcome.deltas[0].tool_calls ==
        std::vector<tool_call_piece>{{.index = 0, .id = "a", .name = "f"}});
  CHECK(outcome.deltas[2].tool_calls ==
        std::vector<tool_call_piece>{{.index = 0, .arguments = "{}"},
                                     {.index = 1, .arguments = ":1}"}});
}

TEST_CASE("arguments may come byte by byte, within characters too", "[openai]") {
  const std::string arguments = "{\"q\":\"é🦊\"}";
  auto bytes = calls_chunk(R"({"index":0,"id":"a","function":{"name":"f"}})");
  for (const char c : arguments) {
    const std::string text = c == '"' ? "\\\"" : std::string{c};
    bytes += calls_chunk(R"({"index":0,"function":{"arguments":")" + text + "\"}}");
  }
  CHECK(good_reply(bytes + done_event).message.tool_calls[0].arguments == arguments);
}

TEST_CASE("calls without index are told apart by id, by name and by being complete", "[openai]") {
  const auto by_id = good_reply(
      calls_chunk(R"({"id":"a","function":{"name":"f","arguments":"{"}})") +
      calls_chunk(R"({"function":{"arguments":"}"}})") +
      calls_chunk(R"({"id":"b","function":{"name":"f","arguments":"{}"}})") + done_event);
  CHECK(by_id.message.tool_calls == std::vector<tool_call>{{"a", "f", "{}"}, {"b", "f", "{}"}});

  const auto whole = good_reply(
      calls_chunk(
          R"({"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":"{\"b\":2}"}})") +
      calls_chunk(R"({"function":{"name":"g","arguments":""}})") +
      calls_chunk(R"({"function":{"name":"h","arguments":""}})") + done_event);
  REQUIRE(whole.message.tool_calls.size() == 4);
  CHECK(whole.message.tool_calls[1].arguments == "{\"b\":2}");
  CHECK(whole.message.tool_calls[3].name == "h");
}

TEST_CASE("calls that all have index 0 are told apart by their ids", "[openai]") {
  const auto reply =
      good_reply(calls_chunk(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})") +
                 calls_chunk(R"({"index":0,"id":"b","function":{"name":"f","arguments":"{"}})") +
                 calls_chunk(R"({"index":0,"function":{"arguments":"}"}})") + done_event);
  CHECK(reply.message.tool_calls == std::vector<tool_call>{{"a", "f", "{}"}, {"b", "f", "{}"}});
}

TEST_CASE("names may be repeated or come in pieces", "[openai]") {
  const auto reply = good_reply(
      calls_chunk(R"({"index":0,"id":"a","function":{"name":"get_","arguments":""}})") +
      calls_chunk(R"({"index":0,"function":{"name":"time"}})") +
      calls_chunk(R"({"index":0,"function":{"name":"get_time","arguments":"{"}})") +
      calls_chunk(R"({"index":0,"id":"a","function":{"name":"get_time","arguments":"}"}})") +
      done_event);
  CHECK(reply.message.tool_calls == std::vector<tool_call>{{"a", "get_time", "{}"}});
}

TEST_CASE("ids that are missing or taken are made up, differently for each seed", "[openai]") {
  const auto bytes =
      calls_chunk(
          R"({"index":0,"function":{"name":"f"}},{"index":1,"id":"x","function":{"name":"f"}},)"
          R"({"index":2,"id":"x","function":{"name":"f"}},{"index":3,"function":{"name":"f"}})") +
      done_event;
  std::set<std::string> ids;
  for (const std::uint64_t seed : {1U, 2U}) {
    const auto outcome = read_all(bytes, {.id_seed = seed});
    REQUIRE(outcome.reply);
    for (const auto& call : outcome.reply->message.tool_calls)
      ids.insert(call.id);
    CHECK(outcome.reply->message.tool_calls[1].id == "x");
    CHECK(outcome.deltas[0].tool_calls[3].id == outcome.reply->message.tool_calls[3].id);
  }
  CHECK(ids.size() == 7);
  CHECK_FALSE(ids.contains(""));
}

TEST_CASE("arguments may come as an object, and as the function call of old", "[openai]") {
  const auto object = good_reply(
      calls_chunk(R"({"index":0,"function":{"name":"f","arguments":{ "b": 1, "a": 2 }}})") +
      done_event);
  CHECK(object.message.tool_calls[0].arguments == R"({"b":1,"a":2})");
  const auto old = good_reply(chunk_of(R"({"function_call":{"name":"f","arguments":"{"}})") +
                              chunk_of(R"({"function_call":{"arguments":"}"}})") +
                              chunk_of("{}", "\"function_call\""));
  CHECK(old.message.tool_calls[0].arguments == "{}");
  CHECK(old.finish == finish_reason::tool_calls);
}

TEST_CASE("whether there are tool calls decides on the reason for the end", "[openai]") {
  const auto whole =
      calls_chunk(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})");
  const auto half = calls_chunk(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})");
  CHECK(good_reply(whole + chunk_of("{}", "\"stop\"")).finish == finish_reason::tool_calls);
  CHECK(good_reply(whole + chunk_of("{}", "\"length\"")).finish == finish_reason::tool_calls);
  CHECK(good_reply(half + chunk_of("{}", "\"length\"")).finish == finish_reason::length);
  CHECK(good_reply(chunk_of(R"({"content":"x"})", "\"tool_calls\"")).finish == finish_reason::stop);
  CHECK(good_reply(chunk_of("{}", "\"max_tokens\"")).finish == finish_reason::length);
  CHECK(good_reply(chunk_of("{}", "\"who_knows\"")).finish == finish_reason::stop);
  CHECK(good_reply(chunk_of(R"({"refusal":"no"})", "\"stop\"")).finish ==
        finish_reason::content_filter);
}

TEST_CASE("a tool call that names no tool is corrupt", "[openai]") {
  CHECK(failure_of(calls_chunk(R"({"index":0,"id":"a","function":{"arguments":"{}"}})") +
                   done_event) == errc::corrupt);
  CHECK(failure_of(calls_chunk(R"({"index":0,"function":{}})") + done_event) == errc::ok);
}

TEST_CASE("only the first choice counts", "[openai]") {
  const auto reply = good_reply(
      event_of(
          R"({"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"this"}}]})") +
      done_event);
  CHECK(reply.message.content == "this");
}

TEST_CASE("a stream's limits hold on both sides", "[openai]") {
  const auto text = chunk_of(R"({"content":"12345678"})") + done_event;
  CHECK(failure_of(text, {.reply_bytes_max = 8}) == errc::ok);
  CHECK(failure_of(text, {.reply_bytes_max = 7}) == errc::too_large);
  CHECK(failure_of(text, {.event_bytes_max = 20}) == errc::too_large);
  const auto calls =
      calls_chunk(
          R"({"index":0,"function":{"name":"f","arguments":"1234"}},{"index":1,"function":{"name":"g"}})") +
      done_event;
  CHECK(failure_of(calls, {.calls_max = 2, .arguments_bytes_max = 4}) == errc::ok);
  CHECK(failure_of(calls, {.calls_max = 1}) == errc::too_large);
  CHECK(failure_of(calls, {.arguments_bytes_max = 3}) == errc::too_large);
  CHECK(failure_of(calls_chunk(R"({"index":0,"function":{"name":")" + std::string(257, 'f') +
                               "\"}}")) == errc::too_large);
}

TEST_CASE("characters that a server cuts are joined across chunks", "[openai]") {
  const auto outcome = read_all(
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\xE2\x82\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"\xAC\"}}]}\n\n" +
      chunk_of(R"({"content":"\ud83e"})") + chunk_of(R"({"content":"\udd8a!"})") + done_event);
  REQUIRE(outcome.reply);
  CHECK(outcome.reply->message.content == "a€🦊!");
  CHECK(outcome.deltas ==
        std::vector<chat_delta>{{.content = "a"}, {.content = "€"}, {.content = "🦊!"}});
}

TEST_CASE("a character cut by the end of the stream is shown as one that is missing", "[openai]") {
  const auto outcome = read_all(chunk_of(R"({"content":"a\ud83e"})") + done_event);
  REQUIRE(outcome.reply);
  CHECK(outcome.reply->message.content == "a\xEF\xBF\xBD");
  CHECK(outcome.deltas.back().content == "\xEF\xBF\xBD");
}
