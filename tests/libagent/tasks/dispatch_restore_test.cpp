#include "tests/libagent/tasks/journalled_core.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

stored_task stored_of(const journalled_core& h, effects what = effects::idempotent) {
  stored_task stored;
  stored.task = {.id = make_task_id(1, 2, 3),
                 .target = "short",
                 .arguments = std::make_shared<const std::string>("{}"),
                 .task_effects = what,
                 .timeout = 30s,
                 .accepted_at = h.now().unix_time,
                 .deadline = h.now().unix_time + 30'000};
  return stored;
}

stored_task running_of(const journalled_core& h, effects what = effects::idempotent) {
  auto stored = stored_of(h, what);
  stored.now = {.state = task_state::running, .attempt = 1, .owner = 99, .started_at = 1};
  return stored;
}

}  // namespace

// -- coming back ------------------------------------------------------------

TEST_CASE("a task that waited comes back and runs", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  auto stored = stored_of(h, effects::once);
  stored.task.key = "k";
  stored.now.note = "noted";
  h.core.restore(stored, h.durable_order(effects::once), {}, h.now());
  h.core.pump_all(h.now());
  h.commit();
  REQUIRE(h.started.size() == 1);
  const auto& record = h.record(stored.task.id);
  CHECK(record.attempt == 1);
  CHECK(record.note == "noted");
  CHECK(record.deadline == stored.task.deadline);
}

TEST_CASE("a pause goes on after a restart", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  auto stored = stored_of(h);
  stored.now.attempt = 1;
  stored.now.failures = 1;
  stored.now.not_before = h.now().unix_time + 500;
  h.core.restore(stored, h.durable_order(), {}, h.now());
  h.core.pump_all(h.now());
  h.commit();
  CHECK(h.started.empty());
  CHECK(h.core.next_deadline() == h.now().steady + 500ms);
  h.advance(500ms);
  h.core.expire(h.now());
  h.commit();
  REQUIRE(h.started.size() == 1);
  CHECK(h.started.front().attempt == 2);
}

TEST_CASE("a wall clock that was set back does not lengthen a pause", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  auto stored = stored_of(h);
  stored.now.attempt = 1;
  stored.now.failures = 1;
  stored.now.started_at = h.now().unix_time + 86'400'000;  // As the clock was then.
  stored.now.not_before = h.now().unix_time + 86'400'000 + 500;
  h.core.restore(stored, h.durable_order(), {}, h.now());
  CHECK(h.core.next_deadline() == h.now().steady + 500ms);
}

TEST_CASE("a run of an earlier process is repeated unless it must run once", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const past_run past{.report = "the process was killed while it ran"};
  SECTION("idempotent") {
    const auto stored = running_of(h);
    h.core.restore(stored, h.durable_order(), past, h.now());
    h.core.pump_all(h.now());
    h.commit();
    REQUIRE(h.started.size() == 1);
    CHECK(h.started.front().attempt == 2);
    CHECK(h.record(stored.task.id).crashes == 0);
  }
  SECTION("once") {
    const auto stored = running_of(h, effects::once);
    h.core.restore(stored, h.durable_order(effects::once), past, h.now());
    h.core.pump_all(h.now());
    CHECK_FALSE(h.has_ended[stored.task.id]);
    h.commit();
    CHECK(h.started.empty());
    CHECK(h.has_ended[stored.task.id]);
    CHECK(h.on_disk.at(stored.task.id).state == task_state::dead);
    CHECK(h.record(stored.task.id).failure->code == errc::crashed);
  }
}

TEST_CASE("what crashes the process too often ends dead with the report", "[tasks][journal]") {
  auto crashes = GENERATE(std::uint32_t{0}, std::uint32_t{1}, std::uint32_t{2});
  journalled_core h;
  auto stored = running_of(h);
  stored.now.crashes = crashes;
  h.core.restore(stored, h.durable_order(), {.crashed = true, .report = "SIGSEGV in f"}, h.now());
  h.commit();
  const auto& record = h.record(stored.task.id);
  CHECK(record.crashes == crashes + 1);
  CHECK(h.core.table().find(stored.task.id)->is_suspect);
  CHECK((record.state == task_state::dead) == (crashes == 2));
  if (record.state == task_state::dead)
    CHECK(record.failure->context.find("SIGSEGV in f") != std::string::npos);
}

TEST_CASE("a task whose tool is gone ends dead", "[tasks][journal]") {
  journalled_core h;
  const auto stored = stored_of(h);
  h.core.restore(stored, error{errc::not_found, "no tool has that name"}, {}, h.now());
  h.commit();
  CHECK(h.on_disk.at(stored.task.id).state == task_state::dead);
  CHECK(h.record(stored.task.id).failure->code == errc::not_found);
}

TEST_CASE("a task whose time passed while the node was down expires", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto stored = stored_of(h);
  h.advance(60s);
  h.core.restore(stored, h.durable_order(), {}, h.now());
  h.core.expire(h.now());
  h.commit();
  CHECK(h.started.empty());
  CHECK(h.on_disk.at(stored.task.id).state == task_state::expired);
}

TEST_CASE("an ended task is revived with its time from now on", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  auto stored = stored_of(h);
  stored.now = {.state = task_state::dead, .attempt = 3, .crashes = 3};
  h.advance(60s);
  const auto revived = h.core.revive(stored, h.durable_order(), h.now());
  REQUIRE(revived);
  CHECK((*revived)->deadline == h.now().unix_time + 30'000);
  CHECK((*revived)->crashes == 0);
  h.core.pump_all(h.now());
  h.commit();
  REQUIRE(h.started.size() == 1);
  CHECK(h.started.front().attempt == 4);  // No token is used twice.
  CHECK_FALSE(h.core.revive(stored, h.durable_order(), h.now()));
}

TEST_CASE("what may have had its effects once is not revived", "[tasks][journal]") {
  journalled_core h;
  auto stored = stored_of(h, effects::once);
  stored.now = {.state = task_state::dead, .attempt = 1};
  const auto refused = h.core.revive(stored, h.durable_order(effects::once), h.now());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
}

TEST_CASE("only an ended task is purged, and its key with it", "[tasks][journal]") {
  journalled_core h;
  const auto id = h.submit(h.keyed_order());
  h.commit();
  CHECK_FALSE(h.core.purge(id, {}));
  h.cancel(id);
  CHECK_FALSE(h.core.purge(id, {}));
  h.commit();
  bool is_done = false;
  REQUIRE(h.core.purge(id, [&](const error* failure) { is_done = failure == nullptr; }));
  CHECK(h.core.table().find(id) == nullptr);
  CHECK(h.core.find_key(h.keyed_order(), h.now()).verdict == key_verdict::fresh);
  CHECK_FALSE(is_done);
  h.commit();
  CHECK(is_done);
  CHECK(h.on_disk.empty());
}

// -- trying again -----------------------------------------------------------

TEST_CASE("an error that may pass is tried again after a journalled pause", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.run();
  h.core.complete(id, 1, error{errc::unavailable, "down", 300ms}, h.now());
  h.commit();
  CHECK(h.state_of(id) == task_state::queued);
  CHECK(h.on_disk.at(id).failures == 1);
  CHECK(h.on_disk.at(id).not_before >= h.now().unix_time + 300);
  CHECK(h.record(id).note.find("down") != std::string::npos);
  h.advance(500ms);
  h.core.expire(h.now());
  h.commit();
  REQUIRE(h.started.size() == 2);
  CHECK(h.started.back().attempt == 2);
}

TEST_CASE("a pause is journalled as the wall clock is when it begins", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.run();
  auto set_back = h.now();
  set_back.unix_time -= 3'600'000;
  h.core.complete(id, 1, error{errc::unavailable, "down", 300ms}, set_back);
  h.commit();
  CHECK(h.on_disk.at(id).not_before >= set_back.unix_time + 300);
  CHECK(h.on_disk.at(id).not_before < set_back.unix_time + 60'000);
}

TEST_CASE("a task fails after as many failures as its policy allows", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.run();
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    h.core.complete(id, attempt, error{errc::unavailable, "down"}, h.now());
    h.advance(2s);
    h.core.expire(h.now());
    h.commit();
  }
  CHECK(h.state_of(id) == task_state::failed);
  CHECK(h.started.size() == 3);
}

TEST_CASE("what cannot pass, or must run once, or has no time left is not tried again",
          "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  SECTION("an error that stays") {
    const auto id = h.run();
    h.core.complete(id, 1, error{errc::tool_failed, "wrong"}, h.now());
    CHECK(h.state_of(id) == task_state::failed);
  }
  SECTION("once") {
    const auto id = h.run(effects::once);
    h.core.complete(id, 1, error{errc::unavailable, "down"}, h.now());
    CHECK(h.state_of(id) == task_state::failed);
  }
  SECTION("no time") {
    const auto id = h.run();
    h.core.complete(id, 1, error{errc::unavailable, "down", 31s}, h.now());
    CHECK(h.state_of(id) == task_state::failed);
  }
}

TEST_CASE("a tool that is down is not tried again beyond its budget", "[tasks][journal]") {
  task_limits limits;
  limits.breaker.failures_in_a_row = 1'000;  // The breaker would be faster.
  limits.breaker.window = 64;
  journalled_core h{limits};
  h.add_executor(40, h.handlers);
  int retried = 0;
  for (int i = 0; i < 40; ++i) {
    const auto id = h.run();
    h.core.complete(id, 1, error{errc::unavailable, "down", 1s}, h.now());
    retried += h.state_of(id) == task_state::queued ? 1 : 0;
    if (h.state_of(id) == task_state::failed)
      CHECK(h.record(id).note.find("budget") != std::string::npos);
  }
  CHECK(retried >= 10);
  CHECK(retried < 20);
}

TEST_CASE("a crash is tried again, apart, and counted", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(1, h.handlers);
  const auto id = h.run();
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    h.core.complete(id, attempt, error{errc::crashed, "SIGSEGV"}, h.now());
    h.commit();
    CHECK(h.on_disk.at(id).crashes == attempt);
    CHECK(h.core.table().find(id)->is_suspect);
  }
  CHECK(h.state_of(id) == task_state::dead);
  CHECK(h.record(id).failure->code == errc::crashed);
}

// -- keys -------------------------------------------------------------------

TEST_CASE("a key means one task until too many are remembered", "[tasks][journal]") {
  journalled_core h{{.keys = {.count_max = 1}}};
  const auto id = h.submit(h.keyed_order(1));
  const auto same = h.core.find_key(h.keyed_order(1), h.now());
  CHECK(same.verdict == key_verdict::same);
  CHECK(same.id == id);
  CHECK(h.core.find_key(h.keyed_order(2), h.now()).verdict == key_verdict::different);
  auto other = h.keyed_order();
  other.key = "another";
  const auto refused = h.try_submit(std::move(other));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
}

TEST_CASE("a key of the journal still stands for its task", "[tasks][journal]") {
  journalled_core h;
  const auto id = make_task_id(1, 2, 3);
  h.core.restore_key(
      {.client = "c", .key = "k", .fingerprint = 1, .id = id, .accepted_at = h.now().unix_time});
  CHECK(h.core.find_key(h.keyed_order(1), h.now()).id == id);
}

// -- shutting down ----------------------------------------------------------

TEST_CASE("a node that is suspended leaves durable tasks to the journal", "[tasks][journal]") {
  journalled_core h;
  h.add_executor(3, h.handlers);
  const auto running = h.run();
  const auto once = h.run(effects::once);
  const auto plain = h.submit(h.interactive_order());
  h.core.suspend(h.now());
  CHECK(h.stopped.size() == 3);
  CHECK_FALSE(h.core.idle());
  h.commit();
  CHECK(h.on_disk.at(running).state == task_state::queued);
  CHECK(h.on_disk.at(running).attempt == 1);
  CHECK(h.on_disk.at(once).state == task_state::dead);
  CHECK(h.state_of(plain) == task_state::cancelled);
  CHECK(h.core.idle());
  h.core.complete(running, 1, std::string{"1"}, h.now());  // Late.
  h.commit();
  CHECK(h.on_disk.at(running).state == task_state::queued);
  CHECK(h.started.size() == 3);
}

TEST_CASE("what was not handed out yet is not started by a node that is suspended",
          "[tasks][journal]") {
  journalled_core h;
  const auto id = h.run(effects::once);
  h.add_executor(1, h.handlers);
  h.core.suspend(h.now());
  h.commit();
  CHECK(h.started.empty());
  CHECK(h.stopped.empty());
  CHECK(h.on_disk.at(id).state == task_state::queued);
  CHECK(h.on_disk.at(id).attempt == 0);
  CHECK(h.core.idle());
}

TEST_CASE("what waits in memory only ends when the node is suspended", "[tasks][journal]") {
  journalled_core h;
  const auto id = h.submit(h.interactive_order());
  h.core.suspend(h.now());
  CHECK(h.state_of(id) == task_state::cancelled);
  CHECK(h.core.idle());
}
