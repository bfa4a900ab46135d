// How the dispatcher's core refuses what it cannot serve in time.

#include "tests/libagent/tasks/dispatch_harness.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

const route_rules by_wait{.admission = admission_rule::queue_wait};
const route_rules by_estimate{.admission = admission_rule::estimate};

/// Runs one task of each target to its end, so that it is known to take `took`.
void teach(dispatch_harness& h, task_order order, duration took) {
  const auto id = h.submit(std::move(order));
  REQUIRE(h.state_of(id) == task_state::running);
  h.advance(took);
  h.core.complete(id, 1, std::string{"1"}, h.now());
}

std::uint64_t refused(dispatch_harness& h, const std::string& lane, const std::string& reason) {
  const auto status = h.status();
  const auto found = std::ranges::find_if(status.refusals, [&](const auto& count) {
    return count.lane == lane && count.reason == reason;
  });
  REQUIRE(found != status.refusals.end());
  return found->count;
}

task_order of_client(task_order order, std::string client) {
  order.client = std::move(client);
  return order;
}

task_order at_level(task_order order, criticality level) {
  order.level = level;
  return order;
}

}  // namespace

TEST_CASE("a task that would miss its deadline behind others is refused, and told when to come",
          "[tasks][overload]") {
  dispatch_harness h{{}, {}, by_estimate};
  h.add_executor(1, h.workers);
  auto order = h.batch_order(h.workers);
  order.timeout = 1'000ms;
  teach(h, order, 300ms);
  h.submit(order);  // Runs.
  h.submit(order);  // Waits for about 300 ms.
  h.submit(order);  // And this one for 600 ms.
  const auto next = h.try_submit(order);
  REQUIRE_FALSE(next);
  CHECK(next.error().code == errc::overloaded);
  CHECK_THAT(next.error().context, Catch::Contains("its time limit is 1.0 s"));
  REQUIRE(next.error().retry_after);
  CHECK(*next.error().retry_after > 0ms);
  CHECK(*next.error().retry_after <= 300ms);
  CHECK(refused(h, "batch", "deadline") == 1);
  order.timeout = 5'000ms;
  CHECK(h.try_submit(order));
}

TEST_CASE("twice the executors admit twice the backlog", "[tasks][overload]") {
  const auto admitted = [](std::uint32_t executors) {
    dispatch_harness h{{}, {}, by_estimate};
    for (std::uint32_t i = 0; i < executors; ++i)
      h.add_executor(1, h.workers);
    auto order = h.batch_order(h.workers);
    order.timeout = 10'000ms;
    teach(h, order, 100ms);
    int count = 0;
    while (h.try_submit(order))
      ++count;
    return count;
  };
  const auto one = admitted(1);
  CHECK(one > 70);
  CHECK(one < 85);
  CHECK(admitted(2) > 2 * one - 5);
}

TEST_CASE("a standing queue of short tasks refuses the least critical first", "[tasks][overload]") {
  dispatch_harness h{{}, by_wait};
  h.add_executor(1, h.handlers);
  const auto order = h.interactive_order();
  std::vector<task_id> waiting;
  const auto first = h.submit(order);
  for (int i = 0; i < 40; ++i)
    waiting.push_back(h.submit(order));
  auto running = first;
  std::size_t next = 0;
  for (int i = 0; i < 30; ++i) {  // Each takes 10 ms, so the head waits longer and longer.
    h.advance(10ms);
    h.core.complete(running, 1, std::string{"1"}, h.now());
    running = waiting.at(next++);
  }
  const auto low = h.try_submit(at_level(order, criticality::sheddable));
  REQUIRE_FALSE(low);
  CHECK(low.error().code == errc::overloaded);
  CHECK(low.error().retry_after);
  CHECK_FALSE(h.try_submit(at_level(order, criticality::critical)));
  CHECK(h.try_submit(at_level(order, criticality::critical_plus)));
  CHECK(refused(h, "interactive", "queue_wait") == 2);
}

TEST_CASE("a short queue refuses nobody", "[tasks][overload]") {
  dispatch_harness h{{}, by_wait};
  h.add_executor(1, h.handlers);
  for (int i = 0; i < 200; ++i) {
    const auto id = h.submit(at_level(h.interactive_order(), criticality::sheddable));
    h.advance(1ms);
    h.core.complete(id, 1, std::string{"1"}, h.now());
  }
  CHECK(refused(h, "interactive", "queue_wait") == 0);
}

TEST_CASE("a client that fills its share is refused while another is admitted",
          "[tasks][overload]") {
  dispatch_harness h{{.batch = {.queued_max = 100}}};
  const auto order = h.batch_order(h.workers);
  for (int i = 0; i < 50; ++i)
    REQUIRE(h.try_submit(of_client(order, "greedy")));
  const auto next = h.try_submit(of_client(order, "greedy"));
  REQUIRE_FALSE(next);
  CHECK(next.error().code == errc::rate_limited);
  CHECK_THAT(next.error().context, Catch::Contains("\"greedy\""));
  CHECK(h.try_submit(of_client(order, "modest")));
  CHECK(h.try_submit(order));  // The node itself has no share.
  CHECK(refused(h, "batch", "client_share") == 1);
}

TEST_CASE("a client's newcomer does not wait for all that another has queued",
          "[tasks][overload]") {
  dispatch_harness h;
  for (int i = 0; i < 100; ++i)
    h.submit(of_client(h.batch_order(h.workers), "greedy"));
  const auto modest = h.submit(of_client(h.batch_order(h.workers), "modest"));
  h.add_executor(2, h.workers);
  CHECK(h.state_of(modest) == task_state::running);
}

TEST_CASE("the more critical task starts first, whoever came before", "[tasks][overload]") {
  dispatch_harness h;
  const auto low = h.submit(at_level(h.batch_order(h.workers), criticality::sheddable));
  const auto high = h.submit(at_level(h.batch_order(h.workers), criticality::critical));
  h.add_executor(1, h.workers);
  CHECK(h.state_of(high) == task_state::running);
  CHECK(h.state_of(low) == task_state::queued);
}

TEST_CASE("a task whose time is up is not started", "[tasks][overload]") {
  dispatch_harness h;
  auto order = h.batch_order(h.workers);
  order.timeout = 10ms;
  const auto late = h.submit(order);
  h.advance(10ms);
  h.add_executor(1, h.workers);  // Before anybody looked at the deadlines.
  CHECK(h.state_of(late) == task_state::expired);
  CHECK(h.started.empty());
}

TEST_CASE("a task that can no longer end in time gives its turn to one that can",
          "[tasks][overload]") {
  dispatch_harness h{{}, {}, by_estimate};
  h.add_executor(1, h.workers);
  auto order = h.batch_order(h.workers);
  order.timeout = 10'000ms;
  for (int i = 0; i < 10; ++i)
    teach(h, order, 300ms);
  const auto running = h.submit(order);
  const auto tight = h.submit(order);
  order.timeout = 20'000ms;
  const auto relaxed = h.submit(order);
  h.advance(9'750ms);  // The first one takes much longer than usual.
  h.core.complete(running, 1, std::string{"1"}, h.now());
  CHECK(h.state_of(tight) == task_state::expired);
  CHECK_THAT(h.record(tight).failure->context, Catch::Contains("250 ms were left"));
  CHECK(h.state_of(relaxed) == task_state::running);
}

TEST_CASE("a route with permits starts no more than these", "[tasks][overload]") {
  dispatch_harness h{{}, {}, {.permits = 2, .name = "batch"}};
  h.add_executor(8, h.workers);
  const auto first = h.submit(h.batch_order(h.workers));
  for (int i = 0; i < 4; ++i)
    h.submit(h.batch_order(h.workers));
  CHECK(h.started.size() == 2);
  h.core.complete(first, 1, std::string{"1"}, h.now());
  CHECK(h.started.size() == 3);
  const auto limits = h.status().limits;
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].name == "batch");
  CHECK(limits[0].in_flight == 2);
}

TEST_CASE("a route that climbs starts as many as its limit, which then moves",
          "[tasks][overload]") {
  dispatch_harness h{{}, {}, {.climbs = true, .name = "model"}};
  h.add_executor(1'000, h.workers);
  std::size_t ended = 0;
  for (int i = 0; i < 10'000; ++i)
    h.submit(h.batch_order(h.workers));
  CHECK(h.started.size() == h.status().limits.at(0).current);
  for (int round = 0; round < 30; ++round) {  // Each takes 10 ms, however many run.
    h.advance(10ms);
    for (const auto begun = h.started.size(); ended < begun; ++ended)
      h.core.complete(h.started[ended].id, 1, std::string{"1"}, h.now());
  }
  CHECK(h.status().limits.at(0).current > 4);
  CHECK(h.status().limits.at(0).in_flight == h.status().limits.at(0).current);
}
