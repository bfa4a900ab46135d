// What the dispatcher's core does while memory is short.

#include "tests/libagent/tasks/dispatch_harness.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

const route_rules four_permits{.permits = 4, .name = "batch"};

task_order sized(task_order order, std::uint64_t bytes) {
  order.memory_bytes = bytes;
  return order;
}

/// What an executor answers to a stop request.
void answer_stopped(dispatch_harness& h, const task_id& id, std::uint32_t attempt = 1) {
  h.core.complete(id, attempt, error{errc::cancelled, "stopped"}, h.now());
}

}  // namespace

TEST_CASE("high pressure refuses what may be shed and leaves half of the permits",
          "[tasks][memory]") {
  dispatch_harness h{{}, {}, four_permits};
  h.add_executor(8, h.workers);
  for (int i = 0; i < 6; ++i)
    h.submit(h.batch_order(h.workers));
  CHECK(h.started.size() == 4);
  h.core.set_pressure(pressure_level::high, h.now());
  CHECK(h.status().limits.at(0).current == 2);
  const auto refused = h.try_submit(h.batch_order(h.workers));
  CHECK(refused.error().code == errc::overloaded);
  CHECK(refused.error().retry_after);
  CHECK(h.try_submit(h.interactive_order()));
  for (std::size_t i = 0; i < 2; ++i)
    h.core.complete(h.started[i].id, 1, std::string{"1"}, h.now());
  CHECK(h.started.size() == 4);
  h.core.complete(h.started[2].id, 1, std::string{"1"}, h.now());
  CHECK(h.started.size() == 5);
}

TEST_CASE("critical pressure sets the youngest batch task back until one runs, and loses none",
          "[tasks][memory]") {
  dispatch_harness h{{}, {}, four_permits};
  h.add_executor(8, h.workers);
  std::vector<task_id> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(h.submit(h.batch_order(h.workers)));
    h.advance(1ms);
  }
  h.core.set_pressure(pressure_level::critical, h.now());
  REQUIRE(h.stopped == std::vector{ids[2]});
  CHECK(h.started[2].stop.stop_requested());
  answer_stopped(h, ids[2]);
  CHECK(h.state_of(ids[2]) == task_state::queued);
  CHECK(h.record(ids[2]).attempt == 0);
  CHECK_FALSE(h.record(ids[2]).note.empty());
  h.core.relieve(h.now());
  CHECK(h.stopped.size() == 1);  // One a second: the first one's memory comes back meanwhile.
  h.advance(1s);
  h.core.relieve(h.now());
  answer_stopped(h, ids[1]);
  h.advance(1s);
  h.core.relieve(h.now());
  CHECK(h.stopped == std::vector{ids[2], ids[1]});
  CHECK(h.state_of(ids[0]) == task_state::running);
  h.core.set_pressure(pressure_level::normal, h.now());
  CHECK(h.state_of(ids[1]) == task_state::running);
  CHECK(h.state_of(ids[2]) == task_state::running);
  CHECK(h.status().preempted == 2);
}

TEST_CASE("a task that ends while it is being set back keeps its result", "[tasks][memory]") {
  dispatch_harness h{{}, {}, four_permits};
  h.add_executor(8, h.workers);
  h.submit(h.batch_order(h.workers));
  h.advance(1ms);
  const auto young = h.submit(h.batch_order(h.workers));
  h.core.set_pressure(pressure_level::critical, h.now());
  REQUIRE(h.stopped == std::vector{young});
  h.core.complete(young, 1, std::string{"42"}, h.now());
  CHECK(h.state_of(young) == task_state::succeeded);
}

TEST_CASE("what must not run twice is not set back", "[tasks][memory]") {
  dispatch_harness h{{}, {}, four_permits};
  h.add_executor(8, h.workers);
  auto once = h.batch_order(h.workers);
  once.task_effects = effects::once;
  h.submit(once);
  h.submit(once);
  h.core.set_pressure(pressure_level::critical, h.now());
  CHECK(h.stopped.empty());
}

TEST_CASE("an emergency ends the largest batch task and says why", "[tasks][memory]") {
  memory_ledger ledger{1'000'000};
  dispatch_harness h{{}, {}, four_permits, &ledger};
  h.add_executor(8, h.workers);
  const auto small = h.submit(sized(h.batch_order(h.workers), 1'000));
  const auto large = h.submit(sized(h.batch_order(h.workers), 9'000));
  h.core.set_pressure(pressure_level::emergency, h.now());
  CHECK(h.state_of(large) == task_state::failed);
  CHECK(h.record(large).failure->code == errc::overloaded);
  CHECK_THAT(h.record(large).failure->context, Catch::Contains("memory"));
  CHECK(h.state_of(small) == task_state::running);
  CHECK(h.status().ended_for_memory == 1);
}

TEST_CASE("a task whose memory does not fit waits for it, and others pass it", "[tasks][memory]") {
  memory_ledger ledger{1'000, 1.0};
  dispatch_harness h{{}, {}, {}, &ledger};
  h.add_executor(4, h.workers);
  const auto first = h.submit(sized(h.batch_order(h.workers), 700));
  const auto second = h.submit(sized(h.batch_order(h.workers), 700));
  const auto small = h.submit(h.batch_order(h.workers));
  CHECK(h.state_of(first) == task_state::running);
  CHECK(h.state_of(second) == task_state::queued);
  CHECK(h.state_of(small) == task_state::running);
  CHECK(h.status().batch.parked == 1);
  CHECK(h.core.needs_relief());
  h.core.complete(first, 1, std::string{"1"}, h.now());
  ledger.update(0);
  h.core.relieve(h.now());
  CHECK(h.state_of(second) == task_state::running);
  CHECK(ledger.reserved() == 700);
  h.core.complete(second, 1, std::string{"1"}, h.now());
  CHECK(ledger.reserved() == 0);
}

TEST_CASE("a task that waits for memory can be cancelled and expires in time", "[tasks][memory]") {
  memory_ledger ledger{1'000, 1.0};
  dispatch_harness h{{}, {}, {}, &ledger};
  h.add_executor(4, h.workers);
  h.submit(sized(h.batch_order(h.workers), 700));
  const auto cancelled = h.submit(sized(h.batch_order(h.workers), 700));
  auto order = sized(h.batch_order(h.workers), 700);
  order.timeout = 50ms;
  const auto expired = h.submit(order);
  h.cancel(cancelled);
  h.advance(50ms);
  h.core.expire(h.now());
  CHECK(h.state_of(cancelled) == task_state::cancelled);
  CHECK(h.state_of(expired) == task_state::expired);
  CHECK(h.status().batch.parked == 0);
  CHECK(h.status().batch.queued == 0);
}

TEST_CASE("a task that could never have its memory is refused", "[tasks][memory]") {
  memory_ledger ledger{1'000, 0.5};
  dispatch_harness h{{}, {}, {}, &ledger};
  const auto refused = h.try_submit(sized(h.batch_order(h.workers), 600));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::too_large);
  CHECK_THAT(refused.error().context, Catch::Contains("600") && Catch::Contains("500"));
}

TEST_CASE("the memory of a cancelled task is its until its executor answers", "[tasks][memory]") {
  memory_ledger ledger{1'000, 1.0};
  dispatch_harness h{{}, {}, {}, &ledger};
  h.add_executor(4, h.workers);
  const auto id = h.submit(sized(h.batch_order(h.workers), 700));
  h.cancel(id);
  CHECK(ledger.reserved() == 700);
  answer_stopped(h, id);
  CHECK(ledger.reserved() == 0);
}

TEST_CASE("what waits for memory counts as backlog for those who come later",
          "[tasks][memory][overload]") {
  memory_ledger ledger{1'000, 1.0};
  dispatch_harness h{{}, {}, {.admission = admission_rule::estimate}, &ledger};
  h.add_executor(8, h.workers);
  auto order = sized(h.batch_order(h.workers), 900);
  order.timeout = 2'000ms;
  const auto known = h.submit(order);
  h.advance(300ms);
  h.core.complete(known, 1, std::string{"1"}, h.now());
  ledger.update(0);
  int admitted = 0;
  while (admitted < 100 && h.try_submit(order))
    ++admitted;
  CHECK(admitted >= 3);
  CHECK(admitted <= 5);  // One at a time fits, and each takes 300 ms.
}
