#include "apps/lab/knee_backend.hpp"

#include "apps/lab/closed_loop.hpp"
#include "apps/lab/fifo_front.hpp"
#include "apps/lab/timer_loop.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace libagent;
using namespace libagent::lab;
using namespace std::chrono_literals;

TEST_CASE("a timer loop calls in the order of time, and of asking for the same time", "[lab]") {
  timer_loop loop;
  std::promise<void> all;
  std::vector<int> called;
  const auto now = std::chrono::steady_clock::now();
  loop.at(now + 4ms, [&](time_point) { all.set_value(); });
  loop.at(now + 3ms, [&](time_point meant) { called.push_back(meant == now + 3ms ? 3 : -1); });
  loop.at(now + 2ms, [&](time_point) { called.push_back(1); });
  loop.at(now + 2ms, [&](time_point) { called.push_back(2); });
  all.get_future().get();
  CHECK(called == std::vector{1, 2, 3});
}

TEST_CASE("a timer loop that was stopped calls nothing, and lets go of what waited", "[lab]") {
  timer_loop loop;
  const auto held = std::make_shared<int>(1);
  bool was_called = false;
  loop.at(std::chrono::steady_clock::now() + 1h,
          [held, &was_called](time_point) { was_called = true; });
  loop.stop();
  loop.at(std::chrono::steady_clock::now(), [held, &was_called](time_point) { was_called = true; });
  CHECK(held.use_count() == 1);
  CHECK_FALSE(was_called);
}

TEST_CASE("users behind a queue are each answered once, and no more are at the backend than may",
          "[lab]") {
  const auto work = scaled(uniform_knee(), 0.0005);
  for (const std::size_t limit : {std::size_t{3}, fifo_front::unlimited}) {
    knee_backend backend{work, 1};
    fifo_front front{backend, limit, 10s};
    const auto seen = run_closed_loop(
        front, backend, {.users = 20, .deadline = 10s, .warm_up = 5ms, .measured = 50ms});
    CHECK(seen.per_second > 0);
    CHECK(seen.useful_per_second == seen.per_second);
    CHECK(seen.at_backend <= 20.001);
    if (limit == 3)
      CHECK(seen.at_backend <= 3.001);
    CHECK(front.ledger().answered == front.ledger().submitted);
    CHECK(backend.tally().served == backend.tally().begun);
    backend.stop();
  }
}

TEST_CASE("who waits in a queue gives up at the deadline, and is told so once", "[lab]") {
  knee_backend backend{uniform_knee(), 1};  // several seconds each
  fifo_front front{backend, 1, 20ms};
  std::promise<request_fate> told;
  front.submit("a", [&told](const request_answer& answer) { told.set_value(answer.fate); });
  CHECK(told.get_future().get() == request_fate::expired);
  backend.stop();
  CHECK(front.ledger().answered_again == 0);
}

TEST_CASE("a run in which a request was never answered is an error", "[lab]") {
  knee_backend backend{uniform_knee(), 1};
  fifo_front front{backend, 1, 1h};
  front.submit("a", [](const request_answer&) {});
  CHECK_THROWS_AS(require_answered_once(front, backend, 0, 5ms), std::runtime_error);
  backend.stop();
}

TEST_CASE("more successes than the backend served are an error", "[lab]") {
  knee_backend backend{uniform_knee(), 1};
  fifo_front front{backend, 1, 1h};
  CHECK_NOTHROW(require_answered_once(front, backend, 0, 0ms));
  CHECK_THROWS_AS(require_answered_once(front, backend, 1, 0ms), std::runtime_error);
  backend.stop();
}
