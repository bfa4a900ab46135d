#include "libagent/http/sse.hpp"

#include "tests/support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <sys/resource.h>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* get_events = "GET /events HTTP/1.1\r\nHost: h\r\n\r\n";

/// As many open files as the system lets this process have.
void allow_many_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 20'000);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

TEST_CASE("a stream arrives piece by piece, and the connection lives on", "[http]") {
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  for (int round = 0; round < 2; ++round) {
    client.send(get_events);
    const auto head = client.receive_head();
    CHECK(head.status == 200);
    CHECK(head.field("Content-Type") == "text/event-stream");
    CHECK(head.field("Transfer-Encoding") == "chunked");
    const auto exchange = queue.take();
    CHECK(exchange->write("data: 1\n\n") == stream_write::accepted);
    CHECK(client.receive_chunk() == "data: 1\n\n");
    CHECK(exchange->write("") == stream_write::accepted);  // must not end the body
    CHECK(exchange->write("data: 2\n\n") == stream_write::accepted);
    CHECK(client.receive_chunk() == "data: 2\n\n");
    exchange->finish();
    CHECK(client.receive_chunk().empty());
    CHECK(exchange->write("late") == stream_write::closed);
  }
}

TEST_CASE("a stream may be written as a whole before the handler returns", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->start_stream(200, sse_headers());
    for (int i = 0; i < 100; ++i)
      exchange->write(std::to_string(i) + ",");
    exchange->finish();
  }};
  auto client = server.connect();
  client.send(get_events);
  const auto body = client.receive().body;
  CHECK_THAT(body, Catch::StartsWith("0,1,2,") && Catch::EndsWith("98,99,"));
}

TEST_CASE("an HTTP/1.0 client gets a stream without chunks, ended by the connection", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->start_stream(200, sse_headers());
    exchange->write("data: 1\n\n");
    exchange->finish();
  }};
  auto client = server.connect();
  client.send("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto response = client.receive();
  CHECK(response.field("Transfer-Encoding").empty());
  CHECK(response.field("Connection") == "close");
  CHECK(response.body == "data: 1\n\n");
}

TEST_CASE("HEAD of a stream is its head only", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->start_stream(200, sse_headers());
    exchange->write("data: 1\n\n");
    exchange->finish();
  }};
  auto client = server.connect();
  client.send(std::string{"HEAD /events HTTP/1.1\r\nHost: h\r\n\r\n"} + get_events);
  CHECK(client.receive(/*to_head=*/true).status == 200);
  CHECK(client.receive().body == "data: 1\n\n");
}

TEST_CASE("a stream that its writer abandons is cut, not ended", "[http]") {
  const running_server server{[](const http_exchange_ptr& exchange) {
    exchange->start_stream(200, sse_headers());
    exchange->write("data: 1\n\n");
  }};
  auto client = server.connect();
  client.send(get_events);
  static_cast<void>(client.receive_head());
  CHECK(client.receive_chunk() == "data: 1\n\n");
  CHECK(client.is_closed_by_server());  // without the last chunk
}

TEST_CASE("the writer of a stream learns that its reader went away", "[http]") {
  signal_once gone;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    exchange->on_disconnect([&] { gone.set(); });
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_events);
  const auto exchange = queue.take();
  client.disconnect();
  CHECK(gone.wait());
  CHECK(exchange->write("data: 1\n\n") == stream_write::closed);
}

TEST_CASE("a silent event stream is kept open by comments", "[http]") {
  auto options = quick_options();
  options.stream_keep_alive = 10ms;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
                                exchange->start_stream(200, sse_headers());
                                queue.put(std::move(exchange));
                              },
                              options};
  auto client = server.connect();
  client.send(get_events);
  static_cast<void>(client.receive_head());
  CHECK(client.receive_chunk() == ": keep-alive\n\n");
  CHECK(client.receive_chunk() == ": keep-alive\n\n");
  queue.take()->finish();
}

TEST_CASE("a reader that is too slow is dropped, and its writer told", "[http]") {
  auto options = quick_options();
  options.output_bytes_max = 100'000;
  signal_once gone;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
                                exchange->start_stream(200, sse_headers());
                                exchange->on_disconnect([&] { gone.set(); });
                                queue.put(std::move(exchange));
                              },
                              options};
  auto client = server.connect(/*receive_buffer_bytes=*/4'096);
  client.send(get_events);
  const auto exchange = queue.take();
  const std::string piece(10'000, 'x');
  bool was_congested = false;
  std::size_t written = 0;
  for (auto result = stream_write::accepted; result != stream_write::closed;) {
    result = exchange->write(piece);
    was_congested = was_congested || result == stream_write::congested;
    written += piece.size();
    REQUIRE(written < 50'000'000);  // what the kernel takes is bounded too
  }
  CHECK(was_congested);
  CHECK(gone.wait());
  CHECK(server->stats().streams_dropped == 1);
  CHECK(client.read_to_end().size() < written);
}

TEST_CASE("a stream goes on after a comment kept it open", "[http]") {
  auto options = quick_options();
  options.stream_keep_alive = 10ms;
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
                                exchange->start_stream(200, sse_headers());
                                queue.put(std::move(exchange));
                              },
                              options};
  auto client = server.connect();
  client.send(get_events);
  static_cast<void>(client.receive_head());
  const auto exchange = queue.take();
  REQUIRE(client.receive_chunk() == ": keep-alive\n\n");
  CHECK(exchange->write("data: 1\n\n") == stream_write::accepted);
  exchange->finish();
  std::string rest;
  for (auto chunk = client.receive_chunk(); !chunk.empty(); chunk = client.receive_chunk())
    rest += chunk;
  CHECK_THAT(rest, Catch::EndsWith("data: 1\n\n"));
}

TEST_CASE("the writer of a congested stream hears when there is room again", "[http]") {
  auto options = quick_options();
  options.output_bytes_max = 16U << 20U;  // a quarter of it is more than the kernel takes
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
                                exchange->start_stream(200, sse_headers());
                                queue.put(std::move(exchange));
                              },
                              options};
  auto client = server.connect(/*receive_buffer_bytes=*/65'536);
  client.send(get_events);
  const auto exchange = queue.take();
  const std::string piece(1U << 20U, 'x');
  constexpr std::size_t pieces = 12;
  auto result = stream_write::accepted;
  for (std::size_t i = 0; i < pieces; ++i)
    result = exchange->write(piece);
  REQUIRE(result == stream_write::congested);
  signal_once drained;
  exchange->on_drained([&drained] { drained.set(); });
  static_cast<void>(client.receive_head());
  CHECK(client.receive_chunk() == piece);
  CHECK_FALSE(drained.is_set());
  for (std::size_t i = 1; i < pieces; ++i)
    CHECK(client.receive_chunk().size() == piece.size());
  CHECK(drained.wait());
  CHECK(exchange->write(piece) == stream_write::accepted);
  exchange->finish();
  CHECK(server->stats().streams_dropped == 0);
}

TEST_CASE("a stream that has room says so soon, one that ended never", "[http]") {
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    queue.put(std::move(exchange));
  }};
  auto client = server.connect();
  client.send(get_events);
  const auto exchange = queue.take();
  signal_once drained;
  exchange->on_drained([&drained] { drained.set(); });
  CHECK(drained.wait());

  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  exchange->finish();
  exchange->on_drained([held = std::move(held)] { FAIL("the stream had ended"); });
  CHECK(watched.expired());
}

TEST_CASE("a single piece may be larger than the buffer", "[http]") {
  auto options = quick_options();
  options.output_bytes_max = 1'000;
  const std::string large(3U << 20U, 'x');
  const running_server server{[&](const http_exchange_ptr& exchange) {
                                exchange->start_stream(200, {});
                                CHECK(exchange->write(large) == stream_write::congested);
                                exchange->finish();
                              },
                              options};
  auto client = server.connect();
  client.send(get_events);
  CHECK(client.receive().body == large);
}

TEST_CASE("a thousand event streams at once are served by one thread", "[http]") {
  constexpr std::size_t streams = 1'000;
  allow_many_files();
  exchange_queue queue;
  const running_server server{[&](http_exchange_ptr exchange) {
    exchange->start_stream(200, sse_headers());
    queue.put(std::move(exchange));
  }};
  std::vector<raw_http_client> clients;
  std::vector<http_exchange_ptr> exchanges;
  for (std::size_t i = 0; i < streams; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get_events);
    exchanges.push_back(queue.take());
  }
  CHECK(server->stats().connections_open == streams);
  for (int round = 0; round < 3; ++round)
    for (const auto& exchange : exchanges)
      CHECK(exchange->write("data: " + std::to_string(round) + "\n\n") == stream_write::accepted);
  for (const auto& exchange : exchanges)
    exchange->finish();
  for (auto& client : clients)
    REQUIRE(client.receive().body == "data: 0\n\ndata: 1\n\ndata: 2\n\n");
}
