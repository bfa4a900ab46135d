#include "apps/lab/models/stub_server.hpp"

#include "apps/lab/faults/http_call.hpp"
#include "apps/lab/models/floor_turns.hpp"
#include "apps/lab/models/stream_load.hpp"
#include "apps/lab/models/stream_reader.hpp"
#include "apps/lab/models/stub_http.hpp"
#include "apps/lab/models/stub_reply.hpp"
#include "apps/lab/models/turn_driving.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>

using namespace libagent;
using namespace libagent::lab;
using namespace std::chrono_literals;

namespace {

http_answer ask_stub(const stub_server& server, http_call call) {
  const auto answer =
      call_http(server.port(), std::move(call), std::chrono::steady_clock::now() + 5s);
  REQUIRE(answer);
  return *answer;
}

http_answer chat_with_stub(const stub_server& server, const std::string& model) {
  return ask_stub(server, {.method = "POST",
                           .path = "/v1/chat/completions",
                           .body = R"({"messages":[{"role":"user","content":"hi"}],"model":")" +
                                   model + "\"}"});
}

std::unique_ptr<stub_server> start_stub(const stub_options& options = {}) {
  auto started = stub_server::start(options);
  REQUIRE(started);
  return *std::move(started);
}

stream_figures ask_for_streams(const stub_server& server, const std::string& model,
                               std::size_t users) {
  return run_stream_load({.port = server.port(), .model = model, .users = users, .length = 0ms});
}

}  // namespace

TEST_CASE("the stub server answers chats, and says what it is") {
  const auto server = start_stub({.slots = 3, .context_tokens = 1'000});
  const auto chat = chat_with_stub(*server, "stub,tokens=4");
  CHECK(chat.status == 200);
  CHECK(chat.body["choices"][0]["message"]["content"] == stub_text(4));
  CHECK(ask_stub(*server, {.path = "/v1/models"}).body["data"][0]["id"] == "stub");
  const auto props = ask_stub(*server, {.path = "/props"}).body;
  CHECK(props["total_slots"] == 3);
  CHECK(props["default_generation_settings"]["n_ctx"] == 1'000);
  CHECK(ask_stub(*server, {.path = "/v1/nothing"}).status == 404);
}

TEST_CASE("the stub server refuses what is too long, and a key that is not its own") {
  const auto small = start_stub({.context_tokens = 10});
  const auto refused = chat_with_stub(*small, "stub");
  CHECK(refused.status == 400);
  CHECK(refused.body["error"]["n_ctx"] == 10);
  const auto locked = start_stub({.api_key = "sesame"});
  CHECK(chat_with_stub(*locked, "stub").status == 401);
}

TEST_CASE("equal texts have equal embeddings, in both codings") {
  const auto server = start_stub({.dimensions = 4});
  const auto plain =
      ask_stub(*server,
               {.method = "POST", .path = "/v1/embeddings", .body = R"({"input":["a","b","a"]})"})
          .body["data"];
  REQUIRE(plain.size() == 3);
  CHECK(plain[0]["embedding"].size() == 4);
  CHECK(plain[0]["embedding"] == plain[2]["embedding"]);
  CHECK(plain[0]["embedding"] != plain[1]["embedding"]);
  const auto coded = ask_stub(*server, {.method = "POST",
                                        .path = "/v1/embeddings",
                                        .body = R"({"input":"a","encoding_format":"base64"})"})
                         .body["data"][0]["embedding"]
                         .get<std::string>();
  CHECK(coded.size() == 24);  // 16 bytes
  CHECK(coded.ends_with("=="));
}

TEST_CASE("streams come as fast as they are declared, many at a time") {
  const auto server = start_stub();
  const auto seen = ask_for_streams(*server, "stub,think_ms=40,tokens=5,gap_ms=10", 50);
  CHECK(seen.failure.empty());
  CHECK(seen.streams == 50);
  CHECK(seen.tokens == 250);
  CHECK(seen.first_p50_ms >= 40);
  CHECK(seen.whole_p50_ms >= 80);
}

TEST_CASE("a cut stream is a failure for its reader, and a split one is not") {
  const auto server = start_stub();
  const auto cut = ask_for_streams(*server, "stub,fault=cut", 4);
  CHECK(cut.streams == 0);
  CHECK(cut.failed == 4);
  const auto whole = ask_for_streams(*server, "stub,tokens=9,fault=one_byte_arguments", 4);
  CHECK(whole.streams == 4);
  CHECK(whole.tokens == 36);
  CHECK(server->counts().faults == 8);
}

TEST_CASE("a reader of streams takes bytes in any pieces") {
  const std::string stream =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "12\r\ndata: {\"content\":\"\r\n"
      "f\r\na\"}\n\ndata: [DON\r\n3;x=1\r\nE]\n\r\n0\r\n\r\n";
  for (std::size_t size = 1; size < stream.size(); ++size) {
    stream_reader reader;
    auto state = stream_reader::state::reading;
    for (std::size_t at = 0; at < stream.size(); at += size)
      state = reader.take(std::string_view{stream}.substr(at, size));
    CHECK(state == stream_reader::state::done);
    CHECK(reader.tokens() == 1);
  }
}

TEST_CASE("a reader of streams says what it got instead") {
  stream_reader reader;
  CHECK(reader.take("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n") ==
        stream_reader::state::failed);
  CHECK(reader.failure().starts_with("HTTP/1.1 429"));
}

TEST_CASE("a request is whole when its length is there") {
  const std::string request =
      "POST /v1/x?y=1 HTTP/1.1\r\ncontent-LENGTH: 3\r\nConnection: Close\r\n\r\nabcGET";
  for (std::size_t size = 0; size + 4 < request.size(); ++size)
    CHECK_FALSE(read_stub_http(request.substr(0, size))->has_value());
  const auto read = read_stub_http(request);
  REQUIRE(read);
  REQUIRE(read->has_value());
  CHECK((*read)->path == "/v1/x");
  CHECK((*read)->body == "abc");
  CHECK((*read)->closes);
  CHECK((*read)->size == request.size() - 3);
  CHECK_FALSE(read_stub_http("POST / HTTP/1.1\r\nContent-Length: 1e9\r\n\r\n"));
  CHECK_FALSE(read_stub_http("nonsense\r\n\r\n"));
}

TEST_CASE("the floor runs the turn to its right answer") {
  const auto server = start_stub();
  const auto floor = start_floor_turns({.model_port = server->port(), .users = 3});
  REQUIRE(floor);
  const auto seen = drive_turns(**floor, {.users = 3, .warm_up = 0ms, .measured = 100ms});
  CHECK(seen.wrong == 0);
  CHECK(seen.turns > 0);
  CHECK(server->counts().requests >= 2 * seen.turns);
}

TEST_CASE("turns that go wrong are counted and told, and end") {
  const auto server = start_stub({.load = {.fault = stub_fault::server_error}});
  const auto floor = start_floor_turns({.model_port = server->port(), .users = 2});
  REQUIRE(floor);
  const auto seen = drive_turns(**floor, {.users = 2, .warm_up = 0ms, .measured = 60s});
  CHECK(seen.turns == 0);
  CHECK(seen.wrong > 100);
  CHECK(seen.what.find("500") != std::string::npos);
}

TEST_CASE("figures of turns survive the way to the experiment") {
  const turn_figures figures{.per_second = 10.5,
                             .p50_ms = 1,
                             .p99_ms = 2,
                             .cpu_ms = 0.25,
                             .resident_mb = 14,
                             .turns = 21,
                             .wrong = 1,
                             .what = "x"};
  const auto back = turn_figures_of(to_json_line(figures));
  REQUIRE(back);
  CHECK(back->per_second == figures.per_second);
  CHECK(back->turns == 21);
  CHECK(back->what == "x");
  CHECK_FALSE(turn_figures_of({{"turns", 1}}));
}
