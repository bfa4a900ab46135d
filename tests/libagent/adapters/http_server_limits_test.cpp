#include "tests/support/http_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <fcntl.h>
#include <future>
#include <optional>
#include <sys/resource.h>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

void check_refused(raw_http_client& client, int status, const std::string& code) {
  const auto response = client.receive();
  CHECK(response.status == status);
  CHECK(response.field("Connection") == "close");
  const auto error = nlohmann::json::parse(response.body)["error"];
  CHECK(error["code"] == code);
  CHECK(error["type"] == (status < 500 ? "invalid_request_error" : "server_error"));
  CHECK(client.is_closed_by_server());
}

/// Lowers the limit of open files as long as it lives.
class file_limit {
public:
  explicit file_limit(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lowered{.rlim_cur = most, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }

  file_limit(const file_limit&) = delete;
  file_limit& operator=(const file_limit&) = delete;

  ~file_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a malformed request gets a 400 in the error shape", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  client.send("GET /a HTTP/1.1\r\nno colon here\r\n\r\n");
  check_refused(client, 400, "bad_request");
  CHECK(server->stats().bad_requests == 1);
  CHECK(server->stats().requests == 0);
}

TEST_CASE("a smuggled second request never reaches the handler", "[http]") {
  const running_server server{echo};
  auto client = server.connect();
  client.send(
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /secret HTTP/1.1\r\nHost: h\r\n\r\n");
  check_refused(client, 400, "bad_request");
  CHECK(server->stats().requests == 0);
}

TEST_CASE("too large a head gets a 431", "[http]") {
  auto options = quick_options();
  options.header_bytes_max = 1'024;
  const running_server server{echo, options};
  auto client = server.connect();
  client.send("GET /a HTTP/1.1\r\nHost: h\r\nX: " + std::string(1'024, 'x'));
  check_refused(client, 431, "header_too_large");
}

TEST_CASE("too large a body gets a 413 that survives what the client still sends", "[http]") {
  auto options = quick_options();
  options.body_bytes_max = 1'000;
  const running_server server{echo, options};
  const auto head = GENERATE(values<std::string>(
      {"Content-Length: 1001\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"}));
  auto client = server.connect();
  client.send("POST /a HTTP/1.1\r\nHost: h\r\n" + head);
  client.send(std::string(3'000'000, 'x'));
  check_refused(client, 413, "too_large");
}

TEST_CASE("too large a body is refused before a waiting client sends it", "[http]") {
  auto options = quick_options();
  options.body_bytes_max = 1'000;
  const running_server server{echo, options};
  auto client = server.connect();
  client.send(
      "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
  check_refused(client, 413, "too_large");
}

TEST_CASE("a request that never ends gets a 408, however busily it trickles", "[http]") {
  auto options = quick_options();
  options.request_timeout = 50ms;
  options.header_bytes_max = 1U << 20U;  // so that no other limit is met before
  const running_server server{echo, options};
  const auto begin = GENERATE(
      values<std::string>({"GET /a HTTP/1.1\r\nHost: h\r\n",
                           "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"}));
  auto client = server.connect();
  client.send(begin);
  // The socket's own ten seconds bound this; the server resets what trickles in after its answer.
  while (server->stats().bad_requests == 0 && client.try_send("x"))
    ;
  check_refused(client, 408, "request_timeout");
}

TEST_CASE("an idle connection is closed without a word", "[http]") {
  auto options = quick_options();
  options.idle_timeout = 20ms;
  const running_server server{echo, options};
  auto unused = server.connect();
  CHECK(unused.is_closed_by_server());
  auto used = server.connect();
  used.send(get_a);
  CHECK(used.receive().status == 200);
  CHECK(used.is_closed_by_server());
}

TEST_CASE("a handler that takes its time is not an idle connection", "[http]") {
  auto options = quick_options();
  options.idle_timeout = 20ms;
  options.request_timeout = 20ms;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr e) { queue.put(std::move(e)); }, options};
  auto waiting = server.connect();
  waiting.send(get_a);
  const auto exchange = queue.take();
  for (int i = 0; i < 3; ++i)  // three idle connections come to their end meanwhile
    CHECK(server.connect().is_closed_by_server());
  echo(exchange);
  CHECK(waiting.receive().status == 200);
}

TEST_CASE("a connection over the limit gets a 503, and one fewer makes room", "[http]") {
  auto options = quick_options();
  options.connections_max = 2;
  const running_server server{echo, options};
  auto first = server.connect();
  auto second = server.connect();
  for (auto* client : {&first, &second}) {
    client->send(get_a);
    CHECK(client->receive().status == 200);
  }
  auto third = server.connect();
  check_refused(third, 503, "overloaded");
  CHECK(server->stats().connections_refused == 1);
  CHECK(server->stats().connections_open == 2);

  first.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(first.receive().status == 200);
  CHECK(first.is_closed_by_server());
  first.disconnect();
  // The server may not have seen the end of the first yet; a refusal is an answer too, so ask on.
  std::optional<raw_http_response> served;
  for (int left = 1'000; left > 0 && (!served || served->status == 503); --left) {
    auto next = server.connect();
    served = next.try_send(get_a) ? next.receive() : served;
  }
  REQUIRE(served);
  CHECK(served->status == 200);
}

TEST_CASE("a client that reads nothing is dropped in the middle of an answer", "[http]") {
  auto options = quick_options();
  options.write_timeout = 50ms;
  const std::string large(20U << 20U, 'x');
  running_server server{
      [&](const http_exchange_ptr& exchange) { exchange->respond(text_response(200, large)); },
      options};
  auto client = server.connect(/*receive_buffer_bytes=*/4'096);
  client.send(get_a);
  server->stop(10s);  // returns when no connection is open any more
  CHECK(client.read_to_end().size() < large.size());
}

TEST_CASE("without file descriptors the server says so, and goes on when there are some",
          "[http]") {
  std::promise<error> reported;
  std::atomic_flag once;
  auto options = quick_options();
  options.on_problem = [&](const error& problem) {
    if (!once.test_and_set())
      reported.set_value(problem);
  };
  const running_server server{echo, options};
  auto early = server.connect();
  early.send(get_a);
  CHECK(early.receive().status == 200);

  std::optional<raw_http_client> starved;
  {
    // One more descriptor is allowed: the client's. None is left for the server's end.
    const int next_free = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    ::close(next_free);
    const file_limit limit{static_cast<rlim_t>(next_free) + 1};
    starved.emplace(server.connect());
    CHECK(reported.get_future().get().code == errc::overloaded);
    early.send(get_a);
    CHECK(early.receive().status == 200);
  }
  starved->send(get_a);
  CHECK(starved->receive().status == 200);
}
