#include "libagent/adapters/curl_web_client.hpp"

#include "libagent/adapters/asio_net.hpp"
#include "libagent/adapters/owned_descriptor.hpp"

#include "tests/support/http_fixture.hpp"
#include "tests/support/net_calls.hpp"
#include "tests/support/web_calls.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// What a call that waits for one thing too long says about it.
error timed_out_error(web_call call, std::string_view sent) {
  const loopback_server server;
  curl_web_client client;
  call.url = url_at(server, "/");
  const auto answer = web_answer::of(client, std::move(call));
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send(sent);
  const auto end = answer->end();
  REQUIRE_FALSE(end);
  CHECK(peer.receive().empty());  // The connection was closed.
  return end.error();
}

/// A connection that is asked for and perhaps never made.
owned_descriptor connection_to(std::uint16_t port) {
  owned_descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return socket;
}

}  // namespace

TEST_CASE("a web call carries method, path, fields and body there, and status and fields back",
          "[web]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    const auto& request = exchange->request();
    auto response = text_response(201, request.method + " " + request.path + " " + request.body);
    response.headers.add("X-Echo", std::string{request.headers.find("X-Sent").value_or("none")});
    response.headers.add("X-Expect", request.headers.contains("Expect") ? "yes" : "no");
    exchange->respond(std::move(response));
  }};
  curl_web_client client;
  const auto answer =
      web_answer::of(client, {.method = "POST",
                              .url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/x",
                              .headers = {{"X-Sent", "this"}},
                              .body = std::string(100'000, 'b')});
  CHECK(answer->end());
  CHECK(answer->status() == 201);
  CHECK(answer->body() == "POST /v1/x " + std::string(100'000, 'b'));
  CHECK(answer->headers().find("x-echo") == "this");
  CHECK(answer->headers().find("x-expect") == "no");
}

TEST_CASE("web calls one after another use one connection", "[web]") {
  const running_server server{echo};
  const auto url = "http://127.0.0.1:" + std::to_string(server.port()) + "/x";
  curl_web_client client;
  for (int i = 0; i < 5; ++i)
    CHECK(web_answer::of(client, {.url = url})->end());
  CHECK(server->stats().connections_accepted == 1);
}

TEST_CASE("pieces of an answer are passed on as they come", "[web]") {
  const loopback_server server;
  curl_web_client client;
  const auto answer = web_answer::of(client, {.url = url_at(server, "/")});
  const auto peer = server.accept();
  CHECK_THAT(receive_request(peer), Catch::StartsWith("GET / HTTP/1.1\r\n"));
  peer.send(chunked_head);
  for (const std::string piece : {"one", "two", "three"}) {
    const auto before = answer->body().size();
    peer.send(as_chunk(piece));
    CHECK_THAT(answer->body(before + piece.size()), Catch::EndsWith(piece));
  }
  peer.send(as_chunk(""));
  CHECK(answer->end());
  CHECK(answer->body() == "onetwothree");
}

TEST_CASE("a head before the real one is not the answer's", "[web]") {
  const loopback_server server;
  curl_web_client client;
  const auto answer = web_answer::of(client, {.url = url_at(server, "/")});
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + as_answer(204, "", "X-A: b\r\n"));
  CHECK(answer->end());
  CHECK(answer->status() == 204);
  CHECK_FALSE(answer->headers().contains("Link"));
}

TEST_CASE("a web call to nobody is unavailable and names the host", "[web]") {
  std::uint16_t port = 0;
  {
    const loopback_server server;
    port = server.port();
  }
  curl_web_client client;
  const auto place = "127.0.0.1:" + std::to_string(port);
  const auto end = web_answer::of(client, {.url = "http://" + place + "/x"})->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::unavailable);
  CHECK(end.error().context == "GET " + place + ": Connection refused");
}

TEST_CASE("a URL or a method that is none is refused by the web client", "[web]") {
  curl_web_client client;
  for (const std::string url : {"", "not a url", "ftp://host/x", "http://h/\r\nX: y"}) {
    CAPTURE(url);
    const auto end = web_answer::of(client, {.url = url})->end();
    REQUIRE_FALSE(end);
    CHECK(end.error().code == errc::invalid_argument);
  }
  const auto end =
      web_answer::of(client, {.method = "GET / HTTP/1.1\r\nX: y", .url = "http://127.0.0.1/"})
          ->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::invalid_argument);
}

TEST_CASE("a field that would write further fields does not get into a web call", "[web]") {
  CHECK_THROWS_AS((web_call{.headers = {{"X-Key", "secret\r\nX-Other: y"}}}), contract_violation);
}

TEST_CASE("what took too long is said by name", "[web]") {
  const auto no_answer = timed_out_error({.first_byte_timeout = 30ms}, "");
  CHECK(no_answer.code == errc::deadline_exceeded);
  CHECK_THAT(no_answer.context, Catch::EndsWith(": no answer within 30 ms"));

  const auto stalled = timed_out_error({.first_byte_timeout = 5s, .idle_timeout = 30ms},
                                       std::string{chunked_head} + as_chunk("half a to"));
  CHECK(stalled.code == errc::deadline_exceeded);
  CHECK_THAT(stalled.context, Catch::EndsWith("the answer stopped: nothing more within 30 ms"));

  const auto total = timed_out_error({.idle_timeout = 10s, .timeout = 40ms},
                                     std::string{chunked_head} + as_chunk("x"));
  CHECK(total.code == errc::deadline_exceeded);
  CHECK_THAT(total.context, Catch::EndsWith(": not done within 40 ms"));
}

TEST_CASE("a connection that nobody accepts is given up in time", "[web]") {
  // A full backlog leaves the handshake without an answer.
  const loopback_server server{0};
  std::vector<owned_descriptor> filling;
  for (int i = 0; i < 4; ++i)
    filling.push_back(connection_to(server.port()));
  curl_web_client client;
  const auto end =
      web_answer::of(client, {.url = url_at(server, "/"), .connect_timeout = 60ms})->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::deadline_exceeded);
  CHECK_THAT(end.error().context, Catch::EndsWith(": no connection within 60 ms"));
}

TEST_CASE("each piece gives an answer new time", "[web]") {
  const loopback_server server;
  curl_web_client client;
  const auto net = make_async_net();
  const auto answer = web_answer::of(client, {.url = url_at(server, "/"), .idle_timeout = 500ms});
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send(chunked_head);
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t i = 1; std::chrono::steady_clock::now() - began < 700ms; ++i) {
    peer.send(as_chunk("x"));
    (void)answer->body(i);
    auto pause = wait_for(*net, 25ms);
    CHECK(outcome_of(pause));
  }
  peer.send(as_chunk(""));
  CHECK(answer->end());
}

TEST_CASE("a cut answer is unavailable, with what came before it", "[web]") {
  const loopback_server server;
  curl_web_client client;
  const auto answer = web_answer::of(client, {.url = url_at(server, "/")});
  {
    const auto peer = server.accept();
    (void)receive_request(peer);
    peer.send(std::string{chunked_head} + as_chunk("half"));
    (void)answer->body(4);
  }
  const auto end = answer->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::unavailable);
  CHECK(answer->body() == "half");
}

TEST_CASE("what is not HTTP is corrupt", "[web]") {
  for (const std::string sent :
       {"220 smtp.example ready\r\n", "\x16\x03\x01\x02", "HTTP/9.9 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header: x\r\n\r\n"}) {
    CAPTURE(sent);
    const loopback_server server;
    curl_web_client client;
    const auto answer = web_answer::of(client, {.url = url_at(server, "/")});
    {
      const auto peer = server.accept();
      (void)receive_request(peer);
      peer.send(sent);
    }
    const auto end = answer->end();
    REQUIRE_FALSE(end);
    CHECK(end.error().code == errc::corrupt);
  }
}

TEST_CASE("bodies and heads beyond their limits are errors, not memory", "[web]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    auto response = text_response(200, std::string(1'000, 'x'));
    response.headers.add("X-Long", std::string(2'000, 'y'));
    exchange->respond(std::move(response));
  }};
  const auto url = "http://127.0.0.1:" + std::to_string(server.port()) + "/x";
  curl_web_client client;
  CHECK(web_answer::of(client, {.url = url, .body_bytes_max = 1'000})->end());
  const auto end = web_answer::of(client, {.url = url, .body_bytes_max = 999})->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::too_large);

  curl_web_client modest{{.head_bytes_max = 2'000}};
  const auto long_head = web_answer::of(modest, {.url = url})->end();
  REQUIRE_FALSE(long_head);
  CHECK(long_head.error().code == errc::too_large);
  CHECK_THAT(long_head.error().context, Catch::Contains("head"));
}

TEST_CASE("more calls than are allowed at a time are refused", "[web]") {
  const loopback_server server;
  curl_web_client client{{.calls_max = 1}};
  const auto first = web_answer::of(client, {.url = url_at(server, "/")});
  const auto second = web_answer::of(client, {.url = url_at(server, "/")});
  const auto end = second->end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::overloaded);
  const auto peer = server.accept();
  (void)receive_request(peer);
  peer.send(as_answer(200, "x"));
  CHECK(first->end());
}

TEST_CASE("a web call begins another from its own callback", "[web]") {
  const running_server server{echo};
  const auto url = "http://127.0.0.1:" + std::to_string(server.port()) + "/x";
  curl_web_client client;
  signal_once done;
  client.start({.url = url,
                .on_body = [](std::string_view) {},
                .on_end =
                    [&](expected<void>) {
                      client.start({.url = url,
                                    .on_body = [](std::string_view) {},
                                    .on_end = [&](expected<void>) { done.set(); }});
                    }});
  CHECK(done.wait());
}

TEST_CASE("the thread of a web client begins with what it was given", "[web]") {
  signal_once began;
  const curl_web_client client{{.on_thread_start = [&] { began.set(); }}};
  CHECK(began.wait());
}

TEST_CASE("a proxy setting does not keep the web client from this machine", "[web]") {
  ::setenv("http_proxy", "http://192.0.2.1:1", 1);
  const running_server server{echo};
  curl_web_client client;
  const auto end =
      web_answer::of(client, {.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/x",
                              .connect_timeout = 500ms})
          ->end();
  ::unsetenv("http_proxy");
  CHECK(end);
}
