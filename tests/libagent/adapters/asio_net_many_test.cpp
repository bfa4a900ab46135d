#include "libagent/adapters/asio_net.hpp"

#include "tests/support/net_calls.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

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
