#include "tests/libagent/tasks/journalled_core.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

const error no_space{errc::unavailable, "no space left"};
const error bad_sync{errc::io_failed, "the sync failed"};
const error executor_lost{errc::internal, "it fell"};

}  // namespace

// -- accepting --------------------------------------------------------------

TEST_CASE("a durable task is accepted when it is journalled", "[tasks][journal]") {
  journalled_core h;
  const auto id = h.submit(h.durable_order());
  CHECK(h.accepted.empty());
  CHECK_FALSE(dispatch_core::is_safe(*h.core.table().find(id)));
  h.commit();
  CHECK(h.accepted == std::vector{id});
  CHECK(h.on_disk.at(id).state == task_state::queued);
  CHECK(dispatch_core::is_safe(*h.core.table().find(id)));
}

TEST_CASE("a task that is not durable writes nothing", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.interactive_order());
  REQUIRE(h.started.size() == 1);
  h.core.complete(id, 1, std::string{"1"}, h.now());
  CHECK(h.state_of(id) == task_state::succeeded);
  CHECK(h.outbox.idle());
}

TEST_CASE("an accept that finds no room is forgotten and its key free again", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.keyed_order());
  CHECK(h.core.find_key(h.keyed_order(), h.now()).verdict == key_verdict::same);
  h.fail(no_space);
  REQUIRE(h.unsure.size() == 1);
  CHECK(h.unsure.front() == std::pair{id, no_space});
  CHECK(h.core.table().find(id) == nullptr);
  CHECK(h.core.pool().leases() == 0);
  CHECK(h.core.table().live() == 0);
  CHECK(h.status().interactive.accepted == 0);
  CHECK(h.core.find_key(h.keyed_order(), h.now()).verdict == key_verdict::fresh);
  const auto refused = h.try_submit(h.keyed_order());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().retry_after);

  h.wait_for_retry();
  h.commit();
  CHECK(h.on_disk.empty());
  const auto again = h.submit(h.keyed_order());
  h.commit();
  CHECK(h.accepted == std::vector{again});
  CHECK(h.started.size() == 1);
}

TEST_CASE("a task that ended before it was journalled is accepted with its end only",
          "[tasks][journal]") {
  journalled_core h;
  const auto id = h.submit(h.durable_order());
  const auto batch = h.take_batch();
  h.cancel(id);
  h.commit(batch);
  CHECK(h.accepted.empty());  // Its record says cancelled, which is not journalled yet.
  CHECK(h.changes == 0);
  h.commit();
  CHECK(h.has_ended[id]);
  CHECK(h.changes == 1);
}

// -- running ----------------------------------------------------------------

TEST_CASE("an attempt is handed out when its start is journalled", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.submit(h.durable_order());
  const auto batch = h.take_batch();
  CHECK(batch.writes->size() == 2);
  CHECK(h.started.empty());
  h.commit(batch);
  REQUIRE(h.started.size() == 1);
  CHECK(h.on_disk.at(id).state == task_state::running);
  CHECK(h.on_disk.at(id).attempt == 1);
  CHECK(h.on_disk.at(id).owner == h.core.table().limits().incarnation);
}

TEST_CASE("an end is told when it is journalled", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.run();
  h.core.complete(id, 1, std::string{"1"}, h.now());
  CHECK_FALSE(h.has_ended[id]);
  CHECK_FALSE(dispatch_core::is_safe(*h.core.table().find(id)));
  h.commit();
  CHECK(h.has_ended[id]);
  CHECK(h.on_disk.at(id).result == raw_json{"1"});
}

TEST_CASE("without room nothing durable starts and the rest goes on", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(2, h.handlers);
  const auto first = h.run();
  h.core.complete(first, 1, std::string{"1"}, h.now());
  const auto waiting = h.submit(h.durable_order());
  h.fail(no_space);
  CHECK(h.core.table().find(waiting) == nullptr);
  const auto plain = h.submit(h.interactive_order());
  CHECK(h.state_of(plain) == task_state::running);
  CHECK_FALSE(h.has_ended[first]);
  h.wait_for_retry();
  h.commit();
  CHECK(h.has_ended[first]);
}

TEST_CASE("a start that finds no room is taken back and made again", "[tasks][journal]") {
  journalled_core h;
  const auto id = h.run();
  h.add_executor(1, h.handlers);
  CHECK(h.core.pool().leases() == 1);
  h.fail(no_space);
  CHECK(h.core.pool().leases() == 0);
  CHECK(h.state_of(id) == task_state::queued);
  CHECK(h.record(id).attempt == 0);
  const auto plain = h.submit(h.interactive_order());
  CHECK(h.state_of(plain) == task_state::running);  // The executor is not held up.
  h.core.complete(plain, 1, std::string{"1"}, h.now());
  h.wait_for_retry();
  h.commit();
  REQUIRE(h.started.size() == 2);
  CHECK(h.started.back().id == id);
  CHECK(h.record(id).attempt == 1);
  CHECK(h.on_disk.at(id).state == task_state::running);
}

TEST_CASE("a cancel between lease and commit starts nothing and frees the executor",
          "[tasks][journal]") {
  journalled_core h;
  const auto id = h.run();
  const auto other = h.run();
  h.add_executor(1, h.handlers);
  REQUIRE(h.core.pool().find(id) != nullptr);
  const auto ends_by_deadline = GENERATE(false, true);
  if (ends_by_deadline) {
    h.advance(29'999ms);
    h.core.expire(h.now());
    h.cancel(id);
  } else {
    h.cancel(id);
  }
  CHECK(h.core.pool().find(id) == nullptr);
  CHECK(h.core.pool().find(other) != nullptr);
  CHECK(h.stopped.empty());
  h.commit();
  REQUIRE(h.started.size() == 1);
  CHECK(h.started.front().id == other);
  CHECK(h.on_disk.at(id).state == task_state::cancelled);
}

TEST_CASE("a task that expires between lease and commit is not started", "[tasks][journal]") {
  journalled_core h;
  const auto id = h.run(effects::once);
  h.add_executor(1, h.handlers);
  h.advance(30s);
  h.core.expire(h.now());
  h.commit();
  CHECK(h.started.empty());
  CHECK(h.on_disk.at(id).state == task_state::expired);
  CHECK(h.core.pool().leases() == 0);
}

TEST_CASE("an executor that is lost between lease and commit costs no attempt",
          "[tasks][journal]") {
  journalled_core h;
  const auto id = h.run(effects::once);
  const auto executor = h.add_executor(1, h.handlers);
  h.core.lose_executor(executor, 1'000, executor_lost, h.now());
  CHECK(h.state_of(id) == task_state::queued);
  h.commit();
  CHECK(h.started.empty());
  CHECK(h.on_disk.at(id).state == task_state::queued);
  h.add_executor(1, h.handlers);
  h.commit();
  REQUIRE(h.started.size() == 1);
  CHECK(h.started.front().attempt == 1);
}

// The commit of the first lease says nothing of the second one, though both are attempt 1.
TEST_CASE("a lease is handed out by its own commit only", "[tasks][journal]") {
  journalled_core h;
  const auto id = h.run(effects::once);
  const auto executor = h.add_executor(1, h.handlers);
  const auto first = h.take_batch();
  for (std::size_t i = 1; i < journal_outbox::batch_max; ++i)
    h.outbox.write(write_purged{}, {});
  h.core.lose_executor(executor, 0, executor_lost, h.now());
  h.add_executor(1, h.handlers);
  h.commit(first);
  const auto second = h.take_batch();
  h.commit(second);
  CHECK(h.started.empty());  // On disk it waits, so a crash now would let it run again.
  h.commit();
  CHECK(h.started.size() == 1);
  CHECK(h.on_disk.at(id).state == task_state::running);
}

// -- a journal that is broken -----------------------------------------------

TEST_CASE("with a broken journal nothing durable is accepted or started", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto running = h.run();
  const auto waiting = h.run();
  h.core.complete(running, 1, std::string{"1"}, h.now());
  h.fail(bad_sync);
  REQUIRE(h.unsure.size() >= 2);
  CHECK(h.unsure.front() == std::pair{running, bad_sync});
  CHECK_FALSE(h.has_ended[running]);
  CHECK_FALSE(dispatch_core::is_safe(*h.core.table().find(running)));
  CHECK(h.state_of(waiting) == task_state::queued);
  CHECK(h.started.size() == 1);
  const auto refused = h.try_submit(h.durable_order());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK_FALSE(refused.error().retry_after);
  const auto plain = h.submit(h.interactive_order());
  CHECK(h.state_of(plain) == task_state::running);
}

TEST_CASE("an end that is never journalled is never told", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(2, h.handlers);
  const auto running = h.run();
  const auto lost = h.submit(h.durable_order());
  h.fail(bad_sync);
  CHECK(h.core.table().find(lost) == nullptr);
  h.core.complete(running, 1, std::string{"1"}, h.now());
  CHECK(h.unsure.back() == std::pair{running, bad_sync});
  CHECK_FALSE(h.has_ended[running]);
  CHECK_FALSE(dispatch_core::is_safe(*h.core.table().find(running)));
}
