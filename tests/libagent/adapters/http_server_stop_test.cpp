#include "libagent/http/sse.hpp"

#include "tests/support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("draining closes idle connections and takes no new ones", "[http]") {
  running_server server{echo};
  auto idle = server.connect();
  idle.send(get_a);
  CHECK(idle.receive().status == 200);
  server->stop_accepting();
  CHECK(idle.is_closed_by_server());
  CHECK_THROWS_WITH(server.connect(), Catch::Contains("connect"));
}

TEST_CASE("draining lets requests under way finish, and says that it was the last", "[http]") {
  exchange_queue queue;
  running_server server{[&](http_exchange_ptr e) { queue.put(std::move(e)); }};
  auto client = server.connect();
  client.send(get_a);
  const auto exchange = queue.take();
  auto idle = server.connect();
  server->stop_accepting();
  CHECK(idle.is_closed_by_server());  // so the draining has begun
  echo(exchange);
  const auto response = client.receive();
  CHECK(response.status == 200);
  CHECK(response.field("Connection") == "close");
  CHECK(client.is_closed_by_server());
  client.disconnect();
  server->stop(10s);
  CHECK(server->stats().connections_open == 0);
}

TEST_CASE("draining waits for a request that has begun to arrive", "[http]") {
  running_server server{echo};
  auto client = server.connect();
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.receive().status == 100);
  server->stop_accepting();
  client.send("ok");
  CHECK(client.receive().body == "POST /a ok");
  CHECK(client.is_closed_by_server());
}

TEST_CASE("draining lets a stream come to its end", "[http]") {
  exchange_queue queue;
  running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_a);
  const auto exchange = queue.take();
  server->stop_accepting();
  exchange->write("data: last\n\n");
  exchange->finish();
  CHECK(client.receive().body == "data: last\n\n");
  CHECK(client.is_closed_by_server());
}

TEST_CASE("after the grace what is left is cut, and the handlers are told", "[http]") {
  signal_once gone;
  exchange_queue queue;
  std::optional<running_server> server;
  server.emplace([&](http_exchange_ptr exchange) {
    exchange->on_disconnect([&] { gone.set(); });
    queue.put(std::move(exchange));
  });
  auto client = server->connect();
  client.send(get_a);
  auto exchange = queue.take();
  (*server)->stop(10ms);
  CHECK(gone.is_set());
  CHECK(client.is_closed_by_server());
  server.reset();
  // The exchange outlives its server: everything it does is ignored.
  exchange->respond(text_response(200, "too late"));
  exchange.reset();
}

TEST_CASE("an exchange that outlives its server may be dropped unanswered", "[http]") {
  exchange_queue queue;
  std::optional<running_server> server;
  server.emplace([&](http_exchange_ptr e) { queue.put(std::move(e)); });
  auto client = server->connect();
  client.send(get_a);
  auto exchange = queue.take();
  server.reset();
  CHECK(client.is_closed_by_server());
  exchange.reset();
}

TEST_CASE("stopping twice, or without having started, does nothing", "[http]") {
  running_server server{echo};
  server->stop(0ms);
  server->stop(0ms);
  const auto unstarted =
      make_http_server(quick_options(), std::make_shared<function_handler>(echo));
  unstarted->stop_accepting();
  unstarted->stop(0ms);
}

TEST_CASE("the port is free again once the server has stopped", "[http]") {
  std::optional<running_server> first;
  first.emplace(echo);
  auto client = first->connect();
  client.send(get_a);
  CHECK(client.receive().status == 200);
  auto options = quick_options();
  options.port = first->port();
  first.reset();
  const running_server second{echo, options};
  CHECK(second.port() == options.port);
}
