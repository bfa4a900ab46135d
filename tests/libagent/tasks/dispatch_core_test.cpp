#include "libagent/tasks/dispatch_core.hpp"

#include "tests/libagent/tasks/dispatch_harness.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto all_begun = std::numeric_limits<std::uint64_t>::max();
const error crash{errc::internal, "its executor was lost: boom"};

}  // namespace

TEST_CASE("a task runs when an executor is free, and ends with its answer", "[tasks]") {
  dispatch_harness h;
  const auto id = h.submit(h.interactive_order());
  CHECK(h.state_of(id) == task_state::queued);
  const auto executor = h.add_executor(1, h.handlers);
  CHECK(h.state_of(id) == task_state::running);
  CHECK(h.started.back().executor == executor);
  h.core.complete(id, 1, std::string{"42"}, h.now());
  CHECK(h.state_of(id) == task_state::succeeded);
  CHECK(h.record(id).result == raw_json{"42"});
  CHECK(h.core.idle());
}

TEST_CASE("an answer's code decides how a task ends", "[tasks]") {
  const auto [code, state] =
      GENERATE(table<errc, task_state>({{errc::tool_failed, task_state::failed},
                                        {errc::internal, task_state::failed},
                                        {errc::cancelled, task_state::cancelled},
                                        {errc::deadline_exceeded, task_state::expired}}));
  dispatch_harness h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.interactive_order());
  h.core.complete(id, 1, error{code, "why"}, h.now());
  CHECK(h.state_of(id) == state);
  CHECK(h.record(id).failure == error{code, "why"});
}

TEST_CASE("interactive tasks start before batch tasks of the same route", "[tasks]") {
  dispatch_harness h;
  const auto batch = h.submit(h.batch_order(h.handlers));
  const auto first = h.submit(h.interactive_order());
  const auto second = h.submit(h.interactive_order());
  h.add_executor(3, h.handlers);
  REQUIRE(h.started.size() == 3);
  CHECK(h.started[0].id == first);
  CHECK(h.started[1].id == second);
  CHECK(h.started[2].id == batch);
}

TEST_CASE("an executor is never given more than its credit", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(2, h.handlers);
  const auto first = h.submit(h.interactive_order());
  h.submit(h.interactive_order());
  h.submit(h.interactive_order());
  CHECK(h.started.size() == 2);
  CHECK(h.core.pool().used(executor) == 2);
  h.core.complete(first, 1, std::string{"1"}, h.now());
  CHECK(h.started.size() == 3);
}

TEST_CASE("the least loaded executor is given the next task", "[tasks]") {
  dispatch_harness h;
  const auto a = h.add_executor(4, h.handlers);
  const auto b = h.add_executor(4, h.handlers);
  for (int i = 0; i < 4; ++i)
    h.submit(h.interactive_order());
  CHECK(h.core.pool().used(a) == 2);
  CHECK(h.core.pool().used(b) == 2);
}

TEST_CASE("a full lane refuses by count and by bytes, and the other lane does not care",
          "[tasks]") {
  dispatch_harness h{{.interactive = {.queued_max = 2, .bytes_max = 1'000},
                      .batch = {.queued_max = 10, .bytes_max = 100}}};
  h.submit(h.interactive_order());
  h.submit(h.interactive_order());
  const auto full = h.try_submit(h.interactive_order());
  REQUIRE_FALSE(full);
  CHECK(full.error().code == errc::overloaded);
  CHECK(full.error().context ==
        "admit task: the interactive lane holds 2 waiting tasks, the limit is 2");
  CHECK(full.error().retry_after);
  auto big = h.batch_order(h.workers);
  big.target = "t";
  big.arguments = std::string(99, 'x');
  CHECK(h.try_submit(big));
  const auto over = h.try_submit(h.batch_order(h.workers));
  REQUIRE_FALSE(over);
  CHECK(over.error().context ==
        "admit task: the batch lane holds 100 waiting bytes, the limit is 100");
  CHECK(h.status().interactive.refused == 1);
  CHECK(h.status().batch.refused == 1);
}

TEST_CASE("a task that leaves the queue makes room in its lane", "[tasks]") {
  dispatch_harness h{{.interactive = {.queued_max = 1, .bytes_max = 1'000}}};
  const auto id = h.submit(h.interactive_order());
  CHECK_FALSE(h.try_submit(h.interactive_order()));
  h.cancel(id);
  CHECK(h.try_submit(h.interactive_order()));
}

TEST_CASE("arguments up to the limit are accepted, one byte more is not", "[tasks]") {
  dispatch_harness h{{.arguments_bytes_max = 8}};
  auto order = h.interactive_order();
  order.arguments = "12345678";
  CHECK(h.try_submit(order));
  order.arguments += '9';
  CHECK(h.try_submit(order).error() ==
        error{errc::too_large, "admit task: the arguments have 9 bytes, the limit is 8"});
}

TEST_CASE("a time limit outside its bounds is refused", "[tasks]") {
  dispatch_harness h{{.timeout_max = 1'000ms}};
  auto order = h.interactive_order();
  order.timeout = 1'000ms;
  CHECK(h.try_submit(order));
  order.timeout = 1'001ms;
  CHECK(h.try_submit(order).error().context ==
        "admit task: timeout_ms is 1001, allowed is 1 to 1000");
  order.timeout = 0ms;
  CHECK(h.try_submit(order).error().code == errc::invalid_argument);
}

TEST_CASE("a task expires exactly at its deadline, not before", "[tasks]") {
  dispatch_harness h;
  auto order = h.interactive_order();
  order.timeout = 100ms;
  const auto id = h.submit(order);
  h.advance(100ms - 1ns);
  h.core.expire(h.now());
  CHECK(h.state_of(id) == task_state::queued);
  h.advance(1ns);
  h.core.expire(h.now());
  CHECK(h.state_of(id) == task_state::expired);
  CHECK_FALSE(h.core.next_deadline());
}

TEST_CASE("a running task that expires stops its executor, which stays taken until it answers",
          "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(1, h.handlers);
  auto order = h.interactive_order();
  order.timeout = 10ms;
  const auto id = h.submit(order);
  h.advance(10ms);
  h.core.expire(h.now());
  CHECK(h.started[0].stop.stop_requested());
  CHECK(h.stopped == std::vector{id});
  CHECK(h.core.pool().used(executor) == 1);
  h.core.complete(id, 1, std::string{"late"}, h.now());
  CHECK(h.state_of(id) == task_state::expired);
  CHECK(h.core.pool().used(executor) == 0);
  CHECK(h.status().late == 1);
}

TEST_CASE("a lost executor's task is run again, until it has cost three executors", "[tasks]") {
  dispatch_harness h;
  const auto id = h.submit(h.interactive_order());
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    const auto executor = h.add_executor(1, h.handlers);
    CHECK(h.record(id).attempt == attempt);
    h.core.lose_executor(executor, all_begun, crash, h.now());
  }
  CHECK(h.state_of(id) == task_state::dead);
  CHECK(h.record(id).failure ==
        error{errc::internal, "run short: gave up after 3 crashes: its executor was lost: boom"});
  CHECK(h.status().retried == 2);
}

TEST_CASE("a task with effects that must not repeat is dead when its executor is lost", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(1, h.handlers);
  auto order = h.interactive_order();
  order.task_effects = effects::once;
  const auto id = h.submit(order);
  h.core.lose_executor(executor, all_begun, crash, h.now());
  CHECK(h.state_of(id) == task_state::dead);
  CHECK(h.record(id).failure->context ==
        "run short: may have had its effects and is never run twice: its executor was lost: boom");
}

TEST_CASE("what a lost executor had not begun is no attempt, even with effects", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(3, h.handlers);
  auto order = h.interactive_order();
  order.task_effects = effects::once;
  const auto begun = h.submit(order);
  const auto waiting = h.submit(order);
  const auto last = h.submit(order);
  h.core.lose_executor(executor, h.started[0].sequence, crash, h.now());
  CHECK(h.state_of(begun) == task_state::dead);
  CHECK(h.state_of(waiting) == task_state::queued);
  CHECK(h.record(waiting).attempt == 0);
  CHECK_FALSE(h.record(waiting).started_at);
  h.add_executor(1, h.handlers);
  CHECK(h.started.back().id == waiting);  // The order is kept.
  CHECK(h.state_of(last) == task_state::queued);
}

TEST_CASE("a requeued task goes before those that came after it", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(1, h.handlers);
  const auto first = h.submit(h.interactive_order());
  h.submit(h.interactive_order());
  h.core.lose_executor(executor, all_begun, crash, h.now());
  h.add_executor(1, h.handlers);
  CHECK(h.started.back().id == first);
  CHECK(h.started.back().attempt == 2);
}

TEST_CASE("an answer of an attempt that is over is refused", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(1, h.handlers);
  const auto id = h.submit(h.interactive_order());
  h.core.lose_executor(executor, all_begun, crash, h.now());
  const auto second = h.add_executor(1, h.handlers);
  h.core.complete(id, 1, std::string{"from the grave"}, h.now());
  CHECK(h.state_of(id) == task_state::running);
  CHECK(h.core.pool().used(second) == 1);
  h.core.complete(id, 2, std::string{"2"}, h.now());
  CHECK(h.record(id).result == raw_json{"2"});
}

TEST_CASE("an executor that cannot begin is given nothing until it is available", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(2, h.handlers);
  const auto id = h.submit(h.interactive_order());
  h.core.give_back(id, 1, h.now());
  CHECK(h.state_of(id) == task_state::queued);
  CHECK(h.record(id).attempt == 0);
  h.submit(h.interactive_order());
  CHECK(h.started.size() == 1);
  h.core.set_available(executor, true, h.now());
  CHECK(h.started.size() == 3);
  CHECK(h.started[1].id == id);
}

TEST_CASE("tasks of a route that nobody will serve end with the reason", "[tasks]") {
  dispatch_harness h;
  const auto id = h.submit(h.interactive_order());
  h.core.fail_queued(h.handlers, {errc::unavailable, "node b was lost"}, h.now());
  CHECK(h.state_of(id) == task_state::failed);
  CHECK(h.record(id).failure->code == errc::unavailable);
}

TEST_CASE("an executor that stops serving a route keeps what it has", "[tasks]") {
  dispatch_harness h;
  const auto executor = h.add_executor(2, h.handlers);
  const auto id = h.submit(h.interactive_order());
  h.core.stop_serving(executor, h.handlers);
  h.submit(h.interactive_order());
  CHECK(h.started.size() == 1);
  h.core.complete(id, 1, std::string{"1"}, h.now());
  CHECK(h.state_of(id) == task_state::succeeded);
  CHECK(h.started.size() == 1);
}

TEST_CASE("progress never goes back and a repeated report is no change", "[tasks]") {
  dispatch_harness h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.interactive_order());
  const auto changes = h.changes;
  h.core.progress(id, 1, {0.5, "half"});
  CHECK(h.changes == changes + 1);
  h.core.progress(id, 1, {0.5, "half"});
  CHECK(h.changes == changes + 1);
  h.core.progress(id, 1, {0.2, "less"});
  CHECK(h.record(id).progress == task_progress{0.5, "less"});
  h.core.progress(id, 1, {std::numeric_limits<double>::quiet_NaN(), "odd"});
  CHECK(h.record(id).progress == task_progress{0.5, "odd"});
  h.core.progress(id, 1, {7.0, "over"});
  CHECK(h.record(id).progress == task_progress{1.0, "over"});
  h.core.progress(id, 2, {0.1, "wrong attempt"});
  CHECK(h.record(id).progress->message == "over");
}

TEST_CASE("a long progress message is cut between characters", "[tasks]") {
  dispatch_harness h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.interactive_order());
  std::string message(255, 'a');
  message += "\xE4\xB8\xAD";  // One character of three bytes; only one of them would fit.
  h.core.progress(id, 1, {0.5, message});
  CHECK(h.record(id).progress->message == std::string(255, 'a'));
}

TEST_CASE("a brief task is forgotten soon after its end, unless somebody may ask for it",
          "[tasks]") {
  dispatch_harness h;
  h.add_executor(1, h.handlers);
  const auto run = [&h](const char* key) {
    auto order = h.interactive_order();
    order.is_brief = true;
    order.key = key;
    const auto id = h.submit(std::move(order));
    h.core.complete(id, 1, std::string{"1"}, h.now());
    CHECK(h.record(id).state == task_state::succeeded);
    return id;
  };
  const auto brief = run("");
  const auto keyed = run("k");
  h.core.table().forget_old(h.now().steady);
  CHECK(h.core.table().find(brief) == nullptr);
  CHECK(h.core.table().find(keyed) != nullptr);
  CHECK(h.core.table().outcomes().ended[static_cast<std::size_t>(task_state::succeeded)] == 2);
}

TEST_CASE("a run that ends after its brief task did is late", "[tasks]") {
  dispatch_harness h;
  h.add_executor(1, h.handlers);
  auto order = h.interactive_order();
  order.is_brief = true;
  const auto id = h.submit(std::move(order));
  REQUIRE(h.core.cancel(id, "enough", h.now()));
  h.core.table().forget_old(h.now().steady);
  REQUIRE(h.core.table().find(id) == nullptr);
  h.core.complete(id, 1, std::string{"1"}, h.now());
  CHECK(h.core.table().outcomes().late == 1);
  const auto next = h.submit(h.interactive_order());
  CHECK(h.record(next).state == task_state::running);
}

TEST_CASE("ended records are forgotten by count, by bytes and by age", "[tasks]") {
  dispatch_harness h{{.records_max = 2, .record_bytes_max = 10, .record_retention = 1'000ms}};
  h.add_executor(1, h.handlers);
  auto finish = [&h](std::string result) {
    const auto id = h.submit(h.interactive_order());
    h.core.complete(id, 1, std::move(result), h.now());
    return id;
  };
  const auto first = finish("1");
  const auto second = finish("2");
  const auto third = finish("3");
  h.core.table().forget_old(h.now().steady);
  CHECK(h.core.table().find(first) == nullptr);
  CHECK(h.core.table().find(second) != nullptr);
  const auto big = finish("1234567890");
  h.core.table().forget_old(h.now().steady);
  CHECK(h.core.table().find(third) == nullptr);
  CHECK(h.core.table().find(big) != nullptr);
  h.advance(999ms);
  h.core.table().forget_old(h.now().steady);
  CHECK(h.core.table().find(big) != nullptr);
  h.advance(1ms);
  h.core.table().forget_old(h.now().steady);
  CHECK(h.core.table().size() == 0);
}

TEST_CASE("a draining core is idle once every task and every executor is done", "[tasks]") {
  dispatch_harness h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.interactive_order());
  h.core.drain();
  CHECK(h.try_submit(h.interactive_order()).error().code == errc::unavailable);
  h.cancel(id);
  CHECK_FALSE(h.core.idle());  // Its executor still works.
  h.core.complete(id, 1, std::string{"1"}, h.now());
  CHECK(h.core.idle());
}

TEST_CASE("ids are version 7 and sort by the time of acceptance", "[tasks]") {
  dispatch_harness h;
  const auto first = h.submit(h.interactive_order());
  h.advance(1ms);
  const auto second = h.submit(h.interactive_order());
  CHECK(first < second);
  CHECK(to_string(first)[14] == '7');
}
