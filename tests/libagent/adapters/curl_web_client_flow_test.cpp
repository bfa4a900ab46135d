#include "libagent/adapters/asio_net.hpp"
#include "libagent/adapters/curl_web_client.hpp"

#include "tests/support/http_fixture.hpp"
#include "tests/support/net_calls.hpp"
#include "tests/support/stream_stub.hpp"
#include "tests/support/web_calls.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("a stop closes the connection of a web call at once", "[web]") {
  const loopback_server server;
  curl_web_client client;
  std::stop_source stop;
  const auto answer =
      web_answer::of(client, {.url = url_at(server, "/"), .stop = stop.get_token()});
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send(std::string{chunked_head} + as_chunk("first"));
  (void)answer->body(5);
  const auto stopped = std::chrono::steady_clock::now();
  stop.request_stop();
  CHECK(peer.receive().empty());
  const auto took = std::chrono::steady_clock::now() - stopped;
  CHECK(took < 100ms);  // 10 ms are promised; a busy machine may take longer to wake two threads.
  const auto end = answer->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::cancelled);
  CHECK(answer->ends() == 1);
}

TEST_CASE("a web call that was stopped before it began does not connect", "[web]") {
  const loopback_server server;
  curl_web_client client;
  std::stop_source stop;
  stop.request_stop();
  const auto end =
      web_answer::of(client, {.url = url_at(server, "/"), .stop = stop.get_token()})->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::cancelled);
}

TEST_CASE("a stop from within a callback is the last that it hears but the end", "[web]") {
  const loopback_server server;
  curl_web_client client;
  std::stop_source stop;
  std::atomic<int> pieces{0};
  signal_once ended;
  client.start({.url = url_at(server, "/"),
                .stop = stop.get_token(),
                .on_body =
                    [&](std::string_view) {
                      ++pieces;
                      stop.request_stop();
                    },
                .on_end =
                    [&](const expected<void>& end) {
                      CHECK_FALSE(end);
                      ended.set();
                    }});
  const auto peer = server.accept();
  (void)receive_request(peer);
  std::string all{chunked_head};
  for (int i = 0; i < 100; ++i)
    all += as_chunk("x");
  peer.send(all + as_chunk(""));
  CHECK(ended.wait());
  CHECK(pieces == 1);
}

TEST_CASE("while its gate is closed a web call reads nothing, and takes no time for it", "[web]") {
  const loopback_server server;
  curl_web_client client;
  const auto net = make_async_net();
  const auto gate = std::make_shared<flow_gate>();
  gate->close();
  const auto answer =
      web_answer::of(client, {.url = url_at(server, "/"), .idle_timeout = 40ms, .flow = gate});
  const auto peer = server.accept();
  (void)receive_request(peer);
  const std::string text(50'000, 'x');
  peer.send(std::string{chunked_head} + as_chunk(text));
  auto longer_than_the_limit = wait_for(*net, 150ms);
  CHECK(outcome_of(longer_than_the_limit));
  CHECK(answer->body().empty());
  CHECK(answer->ends() == 0);

  gate->open();
  CHECK(answer->body(text.size()) == text);
  gate->close();
  peer.send(as_chunk("more"));
  auto a_moment = wait_for(*net, 60ms);
  CHECK(outcome_of(a_moment));
  CHECK(answer->body() == text);
  gate->open();
  peer.send(as_chunk(""));
  CHECK(answer->end());
  CHECK(answer->body() == text + "more");
  gate->close();
  gate->open();  // Nobody is there any more.
}

TEST_CASE("a server is held back by a closed gate", "[web]") {
  const loopback_server server;
  curl_web_client client;
  const auto gate = std::make_shared<flow_gate>();
  gate->close();
  const auto answer = web_answer::of(client, {.url = url_at(server, "/"), .flow = gate});
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send(chunked_head);
  const auto chunk = as_chunk(std::string(4'096, 'x'));
  std::size_t taken = 0;
  while (taken < 8'192 && peer.can_send_within(200ms)) {
    peer.send(chunk);
    ++taken;
  }
  CHECK(taken < 8'192);  // 32 MB do not fit into the buffers of two sockets.
  CHECK(answer->body().empty());
}

TEST_CASE("a paused web call can be stopped", "[web]") {
  const loopback_server server;
  curl_web_client client;
  std::stop_source stop;
  const auto gate = std::make_shared<flow_gate>();
  gate->close();
  const auto answer =
      web_answer::of(client, {.url = url_at(server, "/"), .stop = stop.get_token(), .flow = gate});
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send(std::string{chunked_head} + as_chunk("x"));
  stop.request_stop();
  CHECK(peer.receive().empty());
  CHECK_FALSE(answer->end());
  CHECK(answer->body().empty());
}

TEST_CASE("destroying a web client ends everything, also what a callback still begins", "[web]") {
  const loopback_server server;
  std::vector<std::shared_ptr<web_answer>> answers;
  signal_once late;
  std::optional<loopback_peer> peer;
  {
    curl_web_client client;
    for (int i = 0; i < 20; ++i)
      answers.push_back(web_answer::of(client, {.url = url_at(server, "/")}));
    client.start({.url = url_at(server, "/"),
                  .on_body = [](std::string_view) {},
                  .on_end =
                      [&](const expected<void>&) {
                        client.start({.url = url_at(server, "/"),
                                      .on_body = [](std::string_view) {},
                                      .on_end =
                                          [&](const expected<void>& end) {
                                            CHECK(end.error().code == errc::cancelled);
                                            late.set();
                                          }});
                      }});
    peer = server.accept();
    (void)receive_request(*peer);
  }
  for (const auto& answer : answers) {
    REQUIRE(answer->ends() == 1);
    CHECK(answer->end().error().code == errc::cancelled);
  }
  CHECK(late.is_set());
}

TEST_CASE("a callback may hold the last reference to a web client", "[web]") {
  const running_server server{echo};
  auto client = std::make_shared<curl_web_client>();
  auto& raw = *client;
  const auto answered = std::make_shared<signal_once>();
  raw.start({.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/x",
             .on_body = [](std::string_view) {},
             .on_end =
                 [answered, kept = std::move(client)](const expected<void>&) mutable {
                   kept.reset();
                   answered->set();
                 }});
  CHECK(answered->wait());
}

TEST_CASE("1,500 streams at a time arrive whole, on one thread", "[web]") {
  constexpr std::size_t streams = 1'500;
  const stream_stub server{{.pieces = {"a ", "b ", "c ", "d ", "e"}, .spacing = 150ms}};
  curl_web_client client;
  std::vector<std::shared_ptr<web_answer>> answers;
  for (std::size_t i = 0; i < streams; ++i)
    answers.push_back(web_answer::of(client, {.url = server.url(), .connect_timeout = 50s}));
  for (const auto& answer : answers) {
    REQUIRE(answer->end());
    REQUIRE(answer->body() == "a b c d e");
  }
  CHECK(server.streams_max() > streams / 2);
  CHECK(server.connections() <= streams);
  const auto before = server.connections();
  CHECK(web_answer::of(client, {.url = server.url()})->end());
  CHECK(server.connections() == before);  // One was kept.
}

TEST_CASE("hundreds of streams are stopped while they run, each of them once", "[web]") {
  constexpr std::size_t streams = 200;
  const stream_stub server{{.pieces = std::vector<std::string>(20, "x"), .spacing = 5ms}};
  curl_web_client client;
  std::vector<std::stop_source> stops(streams);
  std::vector<std::shared_ptr<web_answer>> answers;
  for (const auto& stop : stops)
    answers.push_back(web_answer::of(
        client, {.url = server.url(), .connect_timeout = 50s, .stop = stop.get_token()}));
  for (std::size_t i = 0; i < streams; i += 2)
    stops[i].request_stop();
  for (std::size_t i = 0; i < streams; ++i) {
    CAPTURE(i);
    CHECK(answers[i]->end().has_value() == (i % 2 == 1));
    CHECK(answers[i]->ends() == 1);
  }
}
