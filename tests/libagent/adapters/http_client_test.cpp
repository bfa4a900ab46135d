#include "libagent/adapters/http_client.hpp"

#include "libagent/http/http_error.hpp"
#include "libagent/http/sse.hpp"

#include "tests/support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <thread>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

std::string url_of(const running_server& server, const std::string& path) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

/// Sets an environment variable as long as it lives.
class environment_variable {
public:
  environment_variable(const char* name, const std::string& value) : name_{name} {
    ::setenv(name, value.c_str(), 1);
  }

  environment_variable(const environment_variable&) = delete;
  environment_variable& operator=(const environment_variable&) = delete;

  ~environment_variable() { ::unsetenv(name_); }

private:
  const char* name_;
};

}  // namespace

TEST_CASE("the client sends method, path, headers and body, and reads all of the answer",
          "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    const auto& request = exchange->request();
    auto response = text_response(201, request.method + " " + request.path + " " + request.body);
    response.headers.add("X-Echo", std::string{request.headers.find("X-Sent").value_or("none")});
    exchange->respond(std::move(response));
  }};
  http_client client;
  const auto response = client.send({.method = "POST",
                                     .url = url_of(server, "/v1/tasks"),
                                     .headers = {{"X-Sent", "this"}},
                                     .body = "{}"});
  REQUIRE(response);
  CHECK(response->status == 201);
  CHECK(response->body == "POST /v1/tasks {}");
  CHECK(response->headers.find("x-echo") == "this");
}

TEST_CASE("the client knows the methods that the API has", "[http]") {
  const running_server server{echo};
  http_client client;
  for (const std::string method : {"GET", "POST", "DELETE", "PUT"}) {
    const auto response = client.send({.method = method, .url = url_of(server, "/x")});
    REQUIRE(response);
    CHECK(response->body == method + " /x ");
  }
  const auto head = client.send({.method = "HEAD", .url = url_of(server, "/x")});
  REQUIRE(head);
  CHECK(head->body.empty());
}

TEST_CASE("several calls use one connection", "[http]") {
  const running_server server{echo};
  http_client client;
  for (int i = 0; i < 5; ++i)
    CHECK(client.send({.url = url_of(server, "/x")}));
  CHECK(server->stats().connections_accepted == 1);
}

TEST_CASE("an error status is an answer like any other", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->respond(error_response(error{errc::not_found, "nothing here"}));
  }};
  http_client client;
  const auto response = client.send({.url = url_of(server, "/x")});
  REQUIRE(response);
  CHECK(response->status == 404);
  CHECK_THAT(response->body, Catch::Contains("nothing here"));
}

TEST_CASE("when nobody listens, the error names the host and the reason", "[http]") {
  std::uint16_t port = 0;
  {
    const running_server server{echo};
    port = server.port();
  }
  http_client client;
  const auto response = client.send({.url = "http://127.0.0.1:" + std::to_string(port) + "/x"});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == errc::unavailable);
  CHECK_THAT(response.error().context,
             Catch::Contains("127.0.0.1:" + std::to_string(port)) && Catch::Contains("refused"));
}

TEST_CASE("a URL that is none is refused by name", "[http]") {
  http_client client;
  for (const auto* url : {"", "not a url", "ftp://host/x", "http://"}) {
    CAPTURE(url);
    const auto response = client.send({.url = url});
    REQUIRE_FALSE(response);
    CHECK(response.error().code == errc::invalid_argument);
    CHECK_THAT(response.error().context, Catch::Contains(std::string{"\""} + url + "\""));
  }
}

TEST_CASE("a server that does not answer in time is left", "[http]") {
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr e) { queue.put(std::move(e)); }};
  http_client client;
  const auto response = client.send({.url = url_of(server, "/x"), .timeout = 50ms});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == errc::deadline_exceeded);
}

TEST_CASE("an answer beyond the limit is an error, not memory", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->respond(text_response(200, std::string(1'000, 'x')));
  }};
  http_client client;
  CHECK(client.send({.url = url_of(server, "/x"), .body_bytes_max = 1'000}));
  const auto response = client.send({.url = url_of(server, "/x"), .body_bytes_max = 999});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == errc::too_large);
}

TEST_CASE("a connection that breaks in the middle of an answer is an error", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->start_stream(200, {});
    exchange->write("half");
  }};
  http_client client;
  const auto response = client.send({.url = url_of(server, "/x")});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == errc::unavailable);
}

TEST_CASE("events are passed on while the stream goes on", "[http]") {
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    exchange->write(format_sse({.data = "1"}));
    queue.put(std::move(exchange));
  }};
  std::vector<std::string> seen;
  sse_parser parser{[&](const sse_event& event) {
    seen.push_back(event.data);
    if (event.data == "1") {  // only now does the server go on
      const auto exchange = queue.take();
      exchange->write(format_sse({.data = "2"}));
      exchange->finish();
    }
  }};
  http_client client;
  const auto response =
      client.stream({.url = url_of(server, "/events")},
                    [&](std::string_view piece) { return parser.feed(piece).has_value(); });
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body.empty());
  CHECK(seen == std::vector<std::string>{"1", "2"});
}

TEST_CASE("an error instead of a stream is returned, not passed on as events", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->respond(error_response(error{errc::not_found, "no such task"}));
  }};
  http_client client;
  bool called = false;
  const auto response = client.stream({.url = url_of(server, "/events")}, [&](std::string_view) {
    called = true;
    return true;
  });
  REQUIRE(response);
  CHECK_FALSE(called);
  CHECK_THAT(response->body, Catch::Contains("no such task"));
}

TEST_CASE("a stop ends a call at once, and the server hears of it", "[http]") {
  signal_once gone;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->on_disconnect([&] { gone.set(); });
    queue.put(std::move(exchange));
  }};
  std::stop_source stop;
  bool heard = false;
  std::thread stopping{[&] {
    const auto exchange = queue.take();
    stop.request_stop();
    heard = gone.wait();
  }};
  http_client client;
  const auto response =
      client.send({.url = url_of(server, "/x"), .timeout = 0ms, .stop = stop.get_token()});
  stopping.join();
  CHECK(heard);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == errc::cancelled);
}

TEST_CASE("a callback that returns false ends the stream", "[http]") {
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    exchange->write("data: 1\n\n");
    queue.put(std::move(exchange));
  }};
  http_client client;
  const auto response =
      client.stream({.url = url_of(server, "/x")}, [](std::string_view) { return false; });
  REQUIRE_FALSE(response);
  CHECK(response.error().code == errc::cancelled);
}

TEST_CASE("a proxy setting does not keep the client from this machine", "[http]") {
  const environment_variable proxy{"http_proxy", "http://192.0.2.1:1"};
  const running_server server{echo};
  http_client client;
  const auto response = client.send({.url = url_of(server, "/x"), .connect_timeout = 500ms});
  REQUIRE(response);
  CHECK(response->status == 200);
}
