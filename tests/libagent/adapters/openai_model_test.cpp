#include "libagent/adapters/openai_model.hpp"

#include "tests/support/chat_calls.hpp"
#include "tests/support/model_server.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <stop_token>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// How a call ends whose server answers with these bytes and closes the connection.
chat_end end_with(const std::string& bytes) {
  model_server server;
  const auto answer = chat_answer::of(*server.model);
  server.answer(bytes);
  auto end = answer->end();
  CHECK(answer->ends() == 1);
  return end;
}

std::string stream_of(const std::string& events, std::size_t chunk = 1'000) {
  return std::string{chunked_head} + in_chunks(events, chunk);
}

const std::string usage_event =
    R"(data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})"
    "\n\n";

}  // namespace

TEST_CASE("a model's words are passed on as they arrive, and the reply is their sum",
          "[openai_model]") {
  model_server server;
  const auto answer = chat_answer::of(*server.model);
  const auto peer = server.next();
  peer.send(chunked_head);
  peer.send(as_chunk(chat_event(R"({"role":"assistant","content":""})")));
  peer.send(as_chunk(text_event("Hel")));
  CHECK(answer->text(3) == "Hel");
  peer.send(as_chunk(text_event("lo")));
  CHECK(answer->text(5) == "Hello");
  peer.send(as_chunk(chat_event("{}", "\"stop\"") + usage_event + std::string{done_event}));
  const auto end = answer->end();  // Without the end of the body: the last event is enough.
  REQUIRE(end.reply);
  CHECK(end.began);
  CHECK(end.reply->message.content == "Hello");
  CHECK(end.reply->model == "m-1");
  CHECK(end.reply->finish == finish_reason::stop);
  CHECK(end.reply->usage == token_usage{.prompt = 7, .completion = 3});
}

TEST_CASE("a request goes to its route with key, organisation and extra headers",
          "[openai_model]") {
  http_headers extra{{"X-Team", "blue"}};
  model_server server{{.api_key = " sk-secret\n", .organisation = "org-1", .headers = extra}};
  const auto answer = chat_answer::of(*server.model);
  server.answer(stream_of(text_event("x") + std::string{done_event}));
  CHECK(answer->end().reply);
  CHECK_THAT(server.request, Catch::StartsWith("POST /v1/chat/completions HTTP/1.1\r\n"));
  CHECK_THAT(server.request, Catch::Contains("\r\nAuthorization: Bearer sk-secret\r\n"));
  CHECK_THAT(server.request, Catch::Contains("\r\nOpenAI-Organization: org-1\r\n"));
  CHECK_THAT(server.request, Catch::Contains("\r\nX-Team: blue\r\n"));
  CHECK_THAT(server.request, Catch::Contains("\r\nContent-Type: application/json\r\n"));
  CHECK_THAT(server.request, !Catch::Contains("Expect"));
  CHECK_THAT(server.request, Catch::Contains(R"("stream":true)"));
  CHECK_THAT(server.request, Catch::Contains(R"("include_usage":true)"));
}

TEST_CASE("each kind of server gets the limit of tokens by the name that it knows",
          "[openai_model]") {
  for (const auto kind : {provider_kind::openai, provider_kind::llama_cpp, provider_kind::ollama,
                          provider_kind::vllm}) {
    model_server server{{.kind = kind}};
    auto request = std::make_shared<chat_request>(asking("x"));
    request->how.tokens_max = 9;
    const auto answer = chat_answer::of(*server.model, {.request = request});
    server.answer(stream_of(text_event("x") + std::string{done_event}));
    CHECK(answer->end().reply);
    const auto* const name =
        kind == provider_kind::openai ? R"("max_completion_tokens":9)" : R"("max_tokens":9)";
    CHECK_THAT(server.request, Catch::Contains(name));
  }
}

TEST_CASE("a stream cut into single bytes, within characters and events, is read the same",
          "[openai_model]") {
  const std::string events = text_event("a\xC3\xA9\xE2\x82\xAC") + text_event("\xF0\x9F\x98\x80") +
                             chat_event("{}", "\"stop\"") + std::string{done_event};
  for (const std::size_t size : {1U, 2U, 3U, 7U}) {
    CAPTURE(size);
    const auto end = end_with(stream_of(events, size));
    REQUIRE(end.reply);
    CHECK(end.reply->message.content == "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  }
}

TEST_CASE("tool calls are read from deltas of one byte, whatever the server calls its end",
          "[openai_model]") {
  std::string events = chat_event(
      R"({"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"add","arguments":""}}]})");
  for (const char c : std::string{R"({"a":1})"}) {
    const std::string escaped = c == '"' ? R"(\")" : std::string{c};
    events +=
        chat_event(R"({"tool_calls":[{"index":0,"function":{"arguments":")" + escaped + R"("}}]})");
  }
  events += chat_event("{}", "\"stop\"") + std::string{done_event};  // Not "tool_calls".
  const auto end = end_with(stream_of(events));
  REQUIRE(end.reply);
  CHECK(end.reply->finish == finish_reason::tool_calls);
  CHECK(end.reply->message.tool_calls ==
        std::vector<tool_call>{{.id = "t1", .name = "add", .arguments = R"({"a":1})"}});
}

TEST_CASE("a server that answers in one piece though it was asked for a stream is understood",
          "[openai_model]") {
  const auto end = end_with(as_answer(
      200,
      R"({"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"whole"},)"
      R"("finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
      "Content-Type: application/json\r\n"));
  REQUIRE(end.reply);
  CHECK(end.reply->message.content == "whole");
  CHECK(end.reply->finish == finish_reason::length);
}

TEST_CASE("a call that wants no deltas gets the whole reply, by a stream as well",
          "[openai_model]") {
  model_server server;
  std::promise<chat_end> ended;
  server.model->start(chat_call{.request = std::make_shared<chat_request>(asking("x")),
                                .on_end = [&](chat_end end) { ended.set_value(std::move(end)); }});
  server.answer(stream_of(text_event("all of it") + std::string{done_event}));
  const auto end = ended.get_future().get();
  REQUIRE(end.reply);
  CHECK(end.reply->message.content == "all of it");
  CHECK_FALSE(end.began);
  CHECK_THAT(server.request, Catch::Contains(R"("stream":true)"));
}

TEST_CASE("a call in one piece asks for no stream and may be silent until its time is over",
          "[openai_model]") {
  struct kept_call final : web_client {
    void start(web_call call) override { kept = std::move(call); }

    web_call kept;
  };

  const auto client = std::make_shared<kept_call>();
  const auto model = openai_model::make({.base_url = "http://127.0.0.1:9/v1",
                                         .first_byte_timeout = 1s,
                                         .idle_timeout = 1s,
                                         .timeout = 60s},
                                        client);
  REQUIRE(model);
  const chat_call streamed{.request = std::make_shared<chat_request>(asking("x")),
                           .on_end = [](const chat_end&) {}};
  (*model)->start(streamed);
  CHECK(client->kept.first_byte_timeout == 1s);
  CHECK_THAT(client->kept.body, Catch::Contains(R"("stream":true)"));

  auto whole = streamed;
  whole.in_one_piece = true;
  (*model)->start(whole);
  CHECK(client->kept.first_byte_timeout == 60s);
  CHECK_THAT(client->kept.body, !Catch::Contains("stream"));
}

TEST_CASE("the trace of a call goes with it, unless it is none", "[openai_model]") {
  for (const std::string trace :
       {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "", "bad\r\nX-Evil: 1"}) {
    CAPTURE(trace);
    model_server server;
    std::promise<chat_end> ended;
    server.model->start(
        chat_call{.request = std::make_shared<chat_request>(asking("x")),
                  .trace = trace,
                  .on_end = [&](chat_end end) { ended.set_value(std::move(end)); }});
    server.answer(stream_of(text_event("x") + std::string{done_event}));
    CHECK(ended.get_future().get().reply);
    const auto is_told = server.request.find("traceparent: " + trace + "\r\n") != std::string::npos;
    CHECK(is_told == trace.starts_with("00-"));
    CHECK_THAT(server.request, !Catch::Contains("X-Evil"));
  }
}

TEST_CASE("a connection that is cut says whether something was passed on", "[openai_model]") {
  const auto before = end_with(std::string{chunked_head});
  REQUIRE_FALSE(before.reply);
  CHECK(before.reply.error().code == errc::unavailable);
  CHECK_FALSE(before.began);

  const auto half = text_event("half a to");
  const auto within = end_with(std::string{chunked_head} + as_chunk(half) +
                               as_chunk(text_event("ken").substr(0, 30)));
  REQUIRE_FALSE(within.reply);
  CHECK(within.reply.error().code == errc::unavailable);
  CHECK(within.began);
  CHECK(within.so_far.content == "half a to");

  const auto nothing = end_with("");
  REQUIRE_FALSE(nothing.reply);
  CHECK(nothing.reply.error().code == errc::unavailable);
}

TEST_CASE("a stream that ends well but early is a cut one", "[openai_model]") {
  const auto end = end_with(stream_of(text_event("half")));
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::unavailable);
  CHECK(end.began);
}

TEST_CASE("answers that make no sense are corrupt and say what came", "[openai_model]") {
  const auto page = end_with(as_answer(200, "<html>Log in</html>", "Content-Type: text/html\r\n"));
  REQUIRE_FALSE(page.reply);
  CHECK(page.reply.error().code == errc::corrupt);
  CHECK_THAT(page.reply.error().context, Catch::Contains("text/html"));

  for (const auto& bytes :
       {as_answer(200, "{}", "Content-Type: application/json\r\n"),
        stream_of("data: {nonsense\n\n"), stream_of("data: [1,2]\n\n" + std::string{done_event}),
        as_answer(200, std::string(100, '\xFF'), "Content-Type: application/octet-stream\r\n")}) {
    CAPTURE(bytes);
    const auto end = end_with(bytes);
    REQUIRE_FALSE(end.reply);
    CHECK(end.reply.error().code == errc::corrupt);
    CHECK_FALSE(end.began);
  }
}

TEST_CASE("garbage in the middle of a stream ends the call and closes the connection",
          "[openai_model]") {
  model_server server;
  const auto answer = chat_answer::of(*server.model);
  const auto peer = server.next();
  peer.send(std::string{chunked_head} + as_chunk(text_event("fine so far")) +
            as_chunk("data: {\"choices\":[{{{\n\n"));
  const auto end = answer->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::corrupt);
  CHECK(end.began);
  CHECK(end.so_far.content == "fine so far");
  CHECK(peer.receive().empty());
}

TEST_CASE("an error in the middle of a stream is the call's", "[openai_model]") {
  const auto end = end_with(
      stream_of(text_event("so") +
                "data: {\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\"}}\n\n"));
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::unavailable);
  CHECK_THAT(end.reply.error().context, Catch::Contains("out of memory"));
  CHECK(end.began);
}

TEST_CASE("a stalled server is left by name of what it did not do, and another try may help",
          "[openai_model]") {
  model_server server{{.first_byte_timeout = 40ms, .idle_timeout = 40ms}};
  const auto silent = chat_answer::of(*server.model);
  const auto first = server.next();
  const auto no_byte = silent->end();
  REQUIRE_FALSE(no_byte.reply);
  CHECK(no_byte.reply.error().code == errc::unavailable);
  CHECK_THAT(no_byte.reply.error().context, Catch::Contains("no answer within 40 ms"));

  const auto stalled = chat_answer::of(*server.model);
  const auto second = server.next();
  second.send(std::string{chunked_head} + as_chunk(text_event("half a to").substr(0, 60)));
  const auto no_more = stalled->end();
  REQUIRE_FALSE(no_more.reply);
  CHECK(no_more.reply.error().code == errc::unavailable);
  CHECK_THAT(no_more.reply.error().context, Catch::Contains("nothing more within 40 ms"));
}

TEST_CASE("a call ends by its deadline, also one that has passed before", "[openai_model]") {
  model_server server;
  const auto late =
      chat_answer::of(*server.model, {.deadline = std::chrono::steady_clock::now() + 40ms});
  const auto peer = server.next();
  const auto end = late->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::deadline_exceeded);
  const auto never = chat_answer::of(*server.model, {.deadline = std::chrono::steady_clock::now()});
  CHECK(never->end().reply.error().code == errc::deadline_exceeded);
}

TEST_CASE("a cancelled call closes its connection and keeps what was said", "[openai_model]") {
  model_server server;
  std::stop_source stop;
  const auto answer = chat_answer::of(*server.model, {.stop = stop.get_token()});
  const auto peer = server.next();
  peer.send(std::string{chunked_head} + as_chunk(text_event("one")));
  CHECK(answer->text(3) == "one");
  stop.request_stop();
  CHECK(peer.receive().empty());
  const auto end = answer->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::cancelled);
  CHECK(end.began);
  CHECK(end.so_far.content == "one");
  CHECK(answer->ends() == 1);
}

TEST_CASE("a slow reader holds its model back", "[openai_model]") {
  model_server server;
  const auto gate = std::make_shared<flow_gate>();
  gate->close();
  const auto answer = chat_answer::of(*server.model, {.flow = gate});
  server.answer(stream_of(text_event("kept back") + std::string{done_event}));
  CHECK(answer->deltas().empty());
  gate->open();
  CHECK(answer->end().reply);
  CHECK(answer->deltas().size() == 1);
}

TEST_CASE("streams end by the thousand without a thread each", "[openai_model]") {
  model_server server;
  std::vector<std::shared_ptr<chat_answer>> answers;
  std::vector<loopback_peer> peers;
  constexpr std::size_t calls = 300;
  for (std::size_t i = 0; i < calls; ++i)
    answers.push_back(chat_answer::of(*server.model));
  for (std::size_t i = 0; i < calls; ++i)
    peers.push_back(server.next());
  for (const auto& peer : peers)
    peer.send(std::string{chunked_head} + as_chunk(text_event("ab")));
  for (const auto& peer : peers)
    peer.send(in_chunks(text_event("cd") + std::string{done_event}, 40));
  for (const auto& answer : answers)
    CHECK(answer->end().reply.value_or(chat_reply{}).message.content == "abcd");
}
