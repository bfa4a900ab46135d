#include "libagent/adapters/asio_net.hpp"

#include "tests/support/loopback_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <limits>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

template <class T>
using net_outcome = std::future<expected<T>>;

template <class T>
expected<T> outcome_of(net_outcome<T>& pending) {
  if (pending.wait_for(10s) != std::future_status::ready)
    throw std::runtime_error{"no outcome within 10 s"};
  return pending.get();
}

template <class T>
bool is_pending(const net_outcome<T>& pending) {
  return pending.wait_for(0s) == std::future_status::timeout;
}

/// Begins an exchange; a second answer would throw in the callback and end the test's process.
net_outcome<std::string> ask(async_net& net, tcp_call call) {
  auto promise = std::make_shared<std::promise<expected<std::string>>>();
  auto pending = promise->get_future();
  net.exchange(std::move(call),
               [promise](expected<std::string> got) { promise->set_value(std::move(got)); });
  return pending;
}

net_outcome<void> wait_for(async_net& net, duration length, std::stop_token stop = {}) {
  auto promise = std::make_shared<std::promise<expected<void>>>();
  auto pending = promise->get_future();
  net.wait(length, std::move(stop),
           [promise](expected<void> got) { promise->set_value(std::move(got)); });
  return pending;
}

tcp_call call_to(const loopback_server& server, std::string request = "hello\n") {
  return {.host = "127.0.0.1", .port = server.port(), .request = std::move(request)};
}

std::string place_of(const loopback_server& server) {
  return "ask 127.0.0.1:" + std::to_string(server.port()) + ": ";
}

}  // namespace

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

TEST_CASE("more exchanges than allowed are refused, and none is when one has ended", "[net]") {
  const auto net = make_async_net({.connections_max = 1, .waits_max = 1});
  const loopback_server server;
  auto first = ask(*net, call_to(server));
  auto peer = server.accept();
  auto second = ask(*net, call_to(server));
  CHECK(outcome_of(second).error() ==
        error{errc::overloaded, place_of(server) + "1 are under way already"});
  CHECK(peer.receive(6) == "hello\n");
  peer.close();
  CHECK(outcome_of(first));
  auto third = ask(*net, call_to(server));
  CHECK(server.accept().receive(6) == "hello\n");
  CHECK(outcome_of(third));
}

TEST_CASE("destroying the loop answers everything, also what a callback still asks", "[net]") {
  auto net = make_async_net();
  const loopback_server server;
  std::vector<net_outcome<std::string>> pending;
  for (int i = 0; i < 20; ++i)
    pending.push_back(ask(*net, call_to(server)));
  auto waiting = wait_for(*net, 1h);
  auto peer = server.accept();
  CHECK(peer.receive(6) == "hello\n");
  std::promise<expected<std::string>> late;
  auto asked_late = late.get_future();
  net->exchange(call_to(server), [&, raw = net.get()](const expected<std::string>&) {
    raw->exchange(call_to(server),
                  [&late](expected<std::string> got) { late.set_value(std::move(got)); });
  });
  net.reset();
  for (auto& each : pending) {
    REQUIRE_FALSE(is_pending(each));
    CHECK(each.get().error() ==
          error{errc::cancelled, place_of(server) + "the network loop is being stopped"});
  }
  REQUIRE_FALSE(is_pending(waiting));
  CHECK(waiting.get().error() == error{errc::cancelled, "wait: the network loop is being stopped"});
  REQUIRE_FALSE(is_pending(asked_late));
  CHECK(asked_late.get().error().code == errc::cancelled);
  CHECK(peer.receive().empty());
}

TEST_CASE("a callback may hold the last reference to the loop", "[net]") {
  std::shared_ptr<async_net> net = make_async_net();
  auto ended = std::make_shared<std::promise<void>>();
  auto gone = ended->get_future();
  auto& loop = *net;
  // Nobody else has the loop when the timer fires: it is kept by its own callback only.
  loop.wait(20ms, {}, [kept = std::move(net), ended](const expected<void>&) mutable {
    kept.reset();
    ended->set_value();
  });
  CHECK(gone.wait_for(10s) == std::future_status::ready);
}

TEST_CASE("a wait ends after its time, not before, and at once when it is not positive", "[net]") {
  const auto net = make_async_net();
  const auto begin = std::chrono::steady_clock::now();
  auto pending = wait_for(*net, 30ms);
  CHECK(outcome_of(pending));
  CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
  auto none = wait_for(*net, -1s);
  CHECK(outcome_of(none));
}

TEST_CASE("a stop request ends a wait, even the longest", "[net]") {
  const auto net = make_async_net();
  std::stop_source source;
  auto pending = wait_for(*net, duration::max(), source.get_token());
  CHECK(is_pending(pending));
  source.request_stop();
  CHECK(outcome_of(pending).error() == error{errc::cancelled, "wait: cancelled"});
}

TEST_CASE("a thousand exchanges at once are each answered with their own answer", "[net]") {
  constexpr std::size_t count = 1'000;
  const auto net = make_async_net();
  const loopback_server server;
  std::vector<net_outcome<std::string>> pending;
  for (std::size_t i = 0; i < count; ++i)
    pending.push_back(ask(*net, call_to(server, std::to_string(10'000 + i))));
  std::vector<std::pair<loopback_peer, std::string>> asked;
  for (std::size_t i = 0; i < count; ++i) {
    auto peer = server.accept();
    auto request = peer.receive(5);
    asked.emplace_back(std::move(peer), std::move(request));
  }
  // All of them wait by now, on one thread. They are answered in the reverse order.
  CHECK(std::ranges::all_of(pending, [](const auto& each) { return is_pending(each); }));
  for (auto each = asked.rbegin(); each != asked.rend(); ++each) {
    each->first.send("answer " + each->second);
    each->first.close();
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < count; ++i)
    right += outcome_of(pending[i]).value() == "answer " + std::to_string(10'000 + i) ? 1U : 0U;
  CHECK(right == count);
}

TEST_CASE("stops, deadlines and answers that race answer each exchange once", "[net]") {
  constexpr int count = 200;
  std::atomic<int> answered{0};
  {
    const auto net = make_async_net();
    const loopback_server server;
    std::vector<std::stop_source> sources(count);
    for (int i = 0; i < count; ++i) {
      auto call = call_to(server);
      call.stop = sources[static_cast<std::size_t>(i)].get_token();
      call.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{i % 20};
      net->exchange(call, [&answered](const expected<std::string>&) { ++answered; });
    }
    const std::jthread stopping{[&sources] {
      for (auto& source : sources)
        source.request_stop();
    }};
  }
  CHECK(answered == count);
}
