#include "libagent/adapters/http_server.hpp"

#include "tests/support/http_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <thread>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

std::string error_code_of(const raw_http_response& response) {
  return nlohmann::json::parse(response.body)["error"]["code"].get<std::string>();
}

}  // namespace

TEST_CASE("a request is answered with status, date, length and body", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  client.send("POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  const auto response = client.receive();
  CHECK(response.status == 200);
  CHECK(response.body == "POST /a%20b hello");
  CHECK(response.field("Content-Type") == "text/plain; charset=utf-8");
  CHECK_THAT(response.field("Date"), Catch::EndsWith(" GMT"));
  CHECK(response.field("Connection").empty());
  CHECK(server->stats().requests == 1);
}

TEST_CASE("a handler learns the client's address", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->respond(text_response(200, exchange->request().client_address));
  }};
  auto client = server.connect();
  client.send(get_a);
  CHECK(client.receive().body == "127.0.0.1");
}

TEST_CASE("a connection serves many requests, also from a chunked body", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  for (int i = 0; i < 3; ++i) {
    client.send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    client.send("2\r\nde\r\n0\r\n\r\n");
    CHECK(client.receive().body == "PUT /c abcde");
  }
  CHECK(server->stats().connections_accepted == 1);
}

TEST_CASE("pipelined requests are answered in order although the first takes longest", "[http]") {
  exchange_queue slow;
  const running_server server{[&](http_exchange_ptr exchange) {
    if (exchange->request().path == "/slow") {
      slow.put(std::move(exchange));
    } else {
      echo(exchange);
    }
  }};
  auto client = server.connect();
  client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  client.send("GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  echo(slow.take());
  CHECK(client.receive().body == "GET /slow ");
  CHECK(client.receive().body == "GET /2 ");
  CHECK(client.receive().body == "GET /3 ");
}

TEST_CASE("a client may send a thousand requests before it reads an answer", "[http]") {
  auto options = quick_options();
  options.output_bytes_max = 1'000;  // far less than the answers, so input has to wait for output
  const running_server server{
      [](const http_exchange_ptr& exchange) {
        exchange->respond(text_response(200, exchange->request().path + std::string(2'000, 'x')));
      },
      options};
  auto client = server.connect(/*receive_buffer_bytes=*/4'096);
  std::string requests;
  for (int i = 0; i < 1'000; ++i)
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  std::thread sender{[&] { client.send(requests); }};
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(client.receive().body == "/" + std::to_string(i) + std::string(2'000, 'x'));
  sender.join();
}

TEST_CASE("HEAD gets the head of the answer and no body", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto response = client.receive(/*to_head=*/true);
  CHECK(response.status == 200);
  CHECK(response.field("Content-Length") == "8");
  client.send(get_a);
  CHECK(client.receive().body == "GET /a ");
}

TEST_CASE("204 has neither body nor length", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->respond({.status = 204, .headers = {}, .body = "ignored"});
  }};
  auto client = server.connect();
  client.send(std::string{get_a} + get_a);
  CHECK(client.receive().field("Content-Length").empty());
  CHECK(client.receive().status == 204);
}

TEST_CASE("the connection ends after the answer when the client asks for it", "[http]") {
  const running_server server{echo};
  const auto request = GENERATE(values<std::string>({
      "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      "GET /a HTTP/1.0\r\n\r\n",
  }));
  auto client = server.connect();
  client.send(request);
  const auto response = client.receive();
  CHECK(response.body == "GET /a ");
  CHECK(response.field("Connection") == "close");
  CHECK(client.is_closed_by_server());
}

TEST_CASE("an HTTP/1.0 client that asks for keep-alive gets it", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  for (int i = 0; i < 2; ++i) {
    client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(client.receive().field("Connection") == "keep-alive");
  }
}

TEST_CASE("a client that waits for 100 Continue gets it before it sends the body", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.receive().status == 100);
  client.send("ok");
  CHECK(client.receive().body == "POST /a ok");
}

TEST_CASE("an answer may come from any thread", "[http]") {
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr e) { queue.put(std::move(e)); }};
  std::vector<raw_http_client> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(server.connect());
  for (auto& client : clients)
    client.send(get_a);
  std::vector<std::thread> answering;
  for (int i = 0; i < 4; ++i)
    answering.emplace_back([&] {
      for (int left = 5; left > 0; --left)
        echo(queue.take());
    });
  for (auto& client : clients)
    CHECK(client.receive().body == "GET /a ");
  for (auto& thread : answering)
    thread.join();
}

TEST_CASE("only the first answer counts", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->respond(text_response(200, "first"));
    exchange->respond(text_response(200, "second"));
    exchange->start_stream(200, {});
    CHECK(exchange->write("third") == stream_write::closed);
    exchange->finish();
  }};
  auto client = server.connect();
  client.send(std::string{get_a} + get_a);
  CHECK(client.receive().body == "first");
  CHECK(client.receive().body == "first");
}

TEST_CASE("an exchange that nobody answers becomes a 503 that says when to return", "[http]") {
  const running_server server{[](const http_exchange_ptr&) {}};
  auto client = server.connect();
  client.send(get_a);
  const auto response = client.receive();
  CHECK(response.status == 503);
  CHECK(response.field("Retry-After") == "1");
  CHECK(error_code_of(response) == "unavailable");
}

TEST_CASE("an exception in a handler is a 500, is reported, and hurts nobody else", "[http]") {
  std::promise<error> reported;
  auto options = quick_options();
  options.on_problem = [&](const error& problem) { reported.set_value(problem); };
  const running_server server{[](const http_exchange_ptr& exchange) {
                                if (exchange->request().path == "/bad")
                                  throw std::runtime_error{"secret detail"};
                                echo(exchange);
                              },
                              options};
  auto client = server.connect();
  client.send("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto response = client.receive();
  CHECK(response.status == 500);
  CHECK_THAT(response.body, !Catch::Contains("secret"));
  CHECK(reported.get_future().get().context == "handle GET /bad: secret detail");
  client.send(get_a);
  CHECK(client.receive().status == 200);
}

TEST_CASE("a handler is told when its client goes away, orderly or not", "[http]") {
  const auto orderly = GENERATE(true, false);
  signal_once gone;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->on_disconnect([&] { gone.set(); });
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_a);
  const auto exchange = queue.take();
  orderly ? client.disconnect() : client.reset();
  CHECK(gone.wait());
  exchange->respond(text_response(200, "too late"));  // is ignored
}

TEST_CASE("a client that closes its sending side counts as gone", "[http]") {
  signal_once gone;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->on_disconnect([&] { gone.set(); });
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_a);
  const auto exchange = queue.take();
  client.close_sending();
  CHECK(gone.wait());
}

TEST_CASE("who asks after the client went is told at once", "[http]") {
  signal_once gone;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->on_disconnect([&] { gone.set(); });
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_a);
  const auto exchange = queue.take();
  client.disconnect();
  REQUIRE(gone.wait());
  bool told = false;
  exchange->on_disconnect([&] { told = true; });
  CHECK(told);
}

TEST_CASE("no disconnect is told of once the answer is given", "[http]") {
  bool told = false;
  exchange_queue queue;
  running_server server{[&](http_exchange_ptr exchange) {
    exchange->on_disconnect([&] { told = true; });
    echo(exchange);
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_a);
  CHECK(client.receive().status == 200);
  client.disconnect();
  server->stop(10s);  // waits until the server has seen the disconnect
  CHECK_FALSE(told);
}

TEST_CASE("an answer of several megabytes arrives whole at a slow reader", "[http]") {
  const std::string large(5U << 20U, 'x');
  const running_server server{
      [&](const http_exchange_ptr& exchange) { exchange->respond(text_response(200, large)); }};
  auto client = server.connect(/*receive_buffer_bytes=*/4'096);
  client.send(get_a);
  CHECK(client.receive().body == large);
}

TEST_CASE("several I/O threads serve one port", "[http]") {
  auto options = quick_options();
  options.io_threads = 4;
  const running_server server{echo, options};
  std::vector<raw_http_client> clients;
  for (int i = 0; i < 100; ++i)
    clients.push_back(server.connect());
  for (auto& client : clients)
    client.send(get_a);
  for (auto& client : clients)
    CHECK(client.receive().status == 200);
}

TEST_CASE("a port that somebody listens on is refused with host and port", "[http]") {
  const auto threads = GENERATE(1U, 2U);
  auto options = quick_options();
  options.io_threads = threads;
  const running_server first{echo, options};
  options.port = first.port();
  const auto second = make_http_server(options, std::make_shared<function_handler>(echo));
  const auto result = second->start();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == errc::already_exists);
  CHECK_THAT(result.error().context, Catch::Contains("127.0.0.1:" + std::to_string(first.port())) &&
                                         Catch::Contains("address already in use"));
}

TEST_CASE("a host that means nothing is refused by name", "[http]") {
  auto options = quick_options();
  options.host = "no such host";
  const auto result = make_http_server(options, std::make_shared<function_handler>(echo))->start();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == errc::invalid_argument);
  CHECK_THAT(result.error().context, Catch::Contains("no such host:0"));
}

TEST_CASE("an address of another machine cannot be listened on", "[http]") {
  auto options = quick_options();
  options.host = "192.0.2.1";  // reserved for documentation
  const auto result = make_http_server(options, std::make_shared<function_handler>(echo))->start();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == errc::io_failed);
}
