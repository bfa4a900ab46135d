#include "tests/libagent/tasks/dispatch_harness.hpp"

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// A tool that failed so often that it is held back.
void bring_down(dispatch_harness& h) {
  for (int i = 0; i < 5; ++i) {
    auto order = h.interactive_order();
    order.retry.attempts_max = 1;
    const auto id = h.submit(std::move(order));
    h.core.complete(id, 1, error{errc::unavailable, "down"}, h.now());
    CHECK(h.state_of(id) == task_state::failed);
  }
}

}  // namespace

TEST_CASE("what calls something that is down waits for one probe at a time", "[tasks][breaker]") {
  dispatch_harness h;
  h.add_executor(10, h.handlers);
  bring_down(h);
  const auto started = h.started.size();
  const auto first = h.submit(h.interactive_order());
  const auto second = h.submit(h.interactive_order());
  CHECK(h.started.size() == started);
  CHECK(h.state_of(first) == task_state::queued);
  CHECK(h.record(first).note.find("is up again") != std::string::npos);
  h.advance(7s);
  h.core.expire(h.now());
  REQUIRE(h.started.size() == started + 1);
  const auto probe = h.started.back();
  h.core.complete(probe.id, probe.attempt, std::string{"1"}, h.now());
  CHECK(h.state_of(probe.id) == task_state::succeeded);
  h.advance(61s);
  CHECK(h.status().breakers.at(0).state == breaker_state::closed);
  h.core.expire(h.now());
  const auto other = probe.id == first ? second : first;
  // Its time limit of 30 s has passed by now; what matters is that it was not forgotten.
  CHECK(is_terminal(h.state_of(other)));
}

TEST_CASE("a task that would expire before the next probe fails at once", "[tasks][breaker]") {
  dispatch_harness h;
  h.add_executor(10, h.handlers);
  bring_down(h);
  auto order = h.interactive_order();
  order.timeout = 1s;
  const auto id = h.submit(std::move(order));
  CHECK(h.state_of(id) == task_state::failed);
  CHECK(h.record(id).failure->code == errc::unavailable);
  CHECK(h.record(id).failure->retry_after);
}
