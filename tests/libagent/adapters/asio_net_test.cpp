#include "libagent/adapters/asio_net.hpp"

#include "tests/support/net_calls.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <limits>
#include <stop_token>
#include <string>
#include <utility>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("an exchange sends the request and returns what comes until the server closes", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto pending = ask(*net, call_to(server));
  auto peer = server.accept();
  CHECK(peer.receive(6) == "hello\n");
  peer.send("one ");
  peer.send("two");
  peer.close();
  CHECK(outcome_of(pending).value() == "one two");
}

TEST_CASE("an answer ends with its delimiter, also when that comes in two pieces", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto call = call_to(server);
  call.response_until = "\r\n";
  auto pending = ask(*net, call);
  auto peer = server.accept();
  CHECK(peer.receive(6) == "hello\n");
  peer.send("line\r");
  peer.send("\nand more");
  CHECK(outcome_of(pending).value() == "line\r\n");
}

TEST_CASE("an answer of known size ends there, and the connection with it", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto call = call_to(server, "");
  call.response_bytes = 4;
  call.bytes_max = 4;
  auto pending = ask(*net, call);
  auto peer = server.accept();
  peer.send("four");
  CHECK(outcome_of(pending).value() == "four");
  CHECK(peer.receive().empty());
}

TEST_CASE("a host may be a name", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto call = call_to(server);
  call.host = "localhost";
  auto pending = ask(*net, call);
  auto peer = server.accept();
  peer.send("found");
  CHECK(peer.receive(6) == "hello\n");
  peer.close();
  CHECK(outcome_of(pending).value() == "found");
}

TEST_CASE("a request larger than the sockets' buffers arrives whole", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  const std::string large(std::size_t{8} << 20U, 'x');
  auto pending = ask(*net, call_to(server, large));
  auto peer = server.accept();
  CHECK(peer.receive(large.size()) == large);
  peer.close();
  CHECK(outcome_of(pending).value().empty());
}

TEST_CASE("a refused connection names host and port", "[net]") {
  const auto net = make_async_net();
  loopback_server server;
  server.close();
  auto pending = ask(*net, call_to(server));
  CHECK(outcome_of(pending).error() ==
        error{errc::unavailable, place_of(server) + "connect: Connection refused"});
}

TEST_CASE("a call that cannot be made says what is missing", "[net]") {
  const auto net = make_async_net();
  const auto failure = [&](tcp_call call) {
    auto pending = ask(*net, std::move(call));
    return outcome_of(pending).error();
  };
  CHECK(failure({.host = "", .port = 1}) ==
        error{errc::invalid_argument, "ask :1: the host is missing"});
  CHECK(failure({.host = "::1", .port = 0}) ==
        error{errc::invalid_argument, "ask [::1]:0: the port is missing"});
  CHECK(failure({.host = "h", .port = 1, .bytes_max = 0}).code == errc::invalid_argument);
  CHECK(failure({.host = "h", .port = 1, .response_bytes = 9, .bytes_max = 8}) ==
        error{errc::invalid_argument,
              "ask h:1: the answer cannot end within its 8 bytes, because its end is set beyond "
              "them"});
}

TEST_CASE("a server that closes too early, or resets, gives an error, not half an answer",
          "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto call = call_to(server);
  call.response_until = "\n";
  auto pending = ask(*net, call);
  auto peer = server.accept();
  CHECK(peer.receive(6) == "hello\n");
  peer.send("half");
  SECTION("it closes") {
    peer.close();
    CHECK(
        outcome_of(pending).error() ==
        error{errc::unavailable,
              place_of(server) + "the server closed before the end of the answer, after 4 bytes"});
  }
  SECTION("it resets") {
    peer.reset();
    const auto failure = outcome_of(pending).error();
    CHECK(failure.code == errc::unavailable);
    CHECK_THAT(failure.context,
               Catch::StartsWith(place_of(server) + "receive: Connection reset by peer"));
  }
}

TEST_CASE("at the deadline an exchange ends, whatever came so far, and closes", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto call = call_to(server);
  call.deadline = std::chrono::steady_clock::now() + 50ms;
  auto pending = ask(*net, call);
  auto peer = server.accept();
  CHECK(peer.receive(6) == "hello\n");
  peer.send("abc");
  CHECK(outcome_of(pending).error() ==
        error{errc::deadline_exceeded,
              place_of(server) + "no full answer by the deadline, received 3 bytes"});
  CHECK(std::chrono::steady_clock::now() >= call.deadline);
  CHECK(peer.receive().empty());
}

TEST_CASE("an exchange whose deadline has passed does not even connect", "[net]") {
  const auto net = make_async_net();
  loopback_server server;
  server.close();  // connecting would be refused, which is another error
  auto call = call_to(server);
  call.deadline = std::chrono::steady_clock::now();
  auto pending = ask(*net, call);
  CHECK(outcome_of(pending).error().code == errc::deadline_exceeded);
}

TEST_CASE("a stop request closes the connection at once, and the server sees its end", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  std::stop_source source;
  auto call = call_to(server);
  call.stop = source.get_token();
  SECTION("while the exchange waits") {
    auto pending = ask(*net, call);
    auto peer = server.accept();
    CHECK(peer.receive(6) == "hello\n");
    source.request_stop();
    CHECK(outcome_of(pending).error() == error{errc::cancelled, place_of(server) + "cancelled"});
    CHECK(peer.receive().empty());
  }
  SECTION("before it began") {
    source.request_stop();
    auto pending = ask(*net, call);
    CHECK(outcome_of(pending).error().code == errc::cancelled);
  }
}

TEST_CASE("an answer may have bytes_max bytes and not one more", "[net]") {
  const auto net = make_async_net();
  const loopback_server server;
  auto call = call_to(server);
  call.bytes_max = 5;
  auto pending = ask(*net, call);
  auto peer = server.accept();
  CHECK(peer.receive(6) == "hello\n");
  SECTION("as many as allowed") {
    peer.send("12345");
    peer.close();
    CHECK(outcome_of(pending).value() == "12345");
  }
  SECTION("no bound at all") {
    auto unbounded = call_to(server);
    unbounded.bytes_max = std::numeric_limits<std::size_t>::max();
    auto second = ask(*net, unbounded);
    auto other = server.accept();
    CHECK(other.receive(6) == "hello\n");
    other.send("123456");
    other.close();
    CHECK(outcome_of(second).value() == "123456");
  }
  SECTION("one more") {
    peer.send("123456");
    CHECK(
        outcome_of(pending).error() ==
        error{errc::too_large, place_of(server) + "the answer has more than the allowed 5 bytes"});
  }
}
