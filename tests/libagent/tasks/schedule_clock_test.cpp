#include "libagent/tasks/schedule_book.hpp"

#include "tests/libagent/tasks/schedule_harness.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("times that a forward jump passed run once, not once each", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  added_id(book, by_cron("*/10 * * * *"), clock.now);
  added_id(book, once_at(book_t0 + book_hour), clock.now);
  CHECK(due_minutes(book, clock.set_wall(26h + 1min)) == minute_list{10, 60});
  CHECK(due_minutes(book, clock.pass(8min)).empty());
  CHECK(due_minutes(book, clock.pass(1min)) == minute_list{26 * 60 + 10});
}

TEST_CASE("a cron schedule counts anew after the clock was set back", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  const auto id = added_id(book, by_cron("0 * * * *"), clock.now);
  CHECK(due_minutes(book, clock.pass(60min)) == minute_list{60});
  const auto moved = book.note_clock(clock.set_wall(-30min));
  REQUIRE(moved.size() == 1);
  CHECK(moved[0]->id == id);
  CHECK(moved[0]->next_due == book_t0 + book_hour);
  const auto key_before = book.find(id)->runs;
  CHECK(due_minutes(book, clock.pass(30min - 1ms)).empty());
  CHECK(due_minutes(book, clock.pass(1ms)) == minute_list{60});
  CHECK(book.find(id)->runs == key_before + 1);
  CHECK(due_minutes(book, clock.pass(59min)).empty());
  CHECK(due_minutes(book, clock.pass(1min)) == minute_list{120});
}

TEST_CASE("a small step back of the clock does not run a time again", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  added_id(book, by_cron("0 * * * *"), clock.now);
  CHECK(due_minutes(book, clock.pass(60min)) == minute_list{60});
  CHECK(due_minutes(book, clock.set_wall(-60s)).empty());
  CHECK(due_minutes(book, clock.pass(60s)).empty());
  CHECK(due_minutes(book, clock.pass(59min)).empty());
  CHECK(due_minutes(book, clock.pass(1min)) == minute_list{120});
  CHECK(due_minutes(book, clock.set_wall(-60s - 1ms)).empty());
  CHECK(due_minutes(book, clock.pass(60s + 1ms)) == minute_list{120});
}

TEST_CASE("a run that came late, after a small step back, does not come again", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  added_id(book, by_cron("0 * * * *"), clock.now);
  const auto runs = book.take_due(clock.pass(60min));
  REQUIRE(runs.size() == 1);
  book.run_later(runs[0], clock.now.steady + 5s);
  clock.set_wall(-30s);
  CHECK(due_minutes(book, clock.pass(5s)) == minute_list{60});
  CHECK(due_minutes(book, clock.pass(25s)).empty());
  CHECK(due_minutes(book, clock.pass(60min)) == minute_list{120});
}

TEST_CASE("many small steps back add up to one that counts", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  added_id(book, by_cron("0 * * * *"), clock.now);
  CHECK(due_minutes(book, clock.pass(60min)) == minute_list{60});
  for (int i = 0; i < 30; ++i) {
    CHECK(due_minutes(book, clock.set_wall(-20s)).empty());
  }
  CHECK(due_minutes(book, clock.pass(10min)) == minute_list{60});
}

TEST_CASE("a delay is measured by the steady clock whatever the wall clock does", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  (void)book.note_clock(clock.now);
  const auto id = added_id(book, once_after(1h), clock.now);
  const auto jump = GENERATE(as<std::chrono::milliseconds>{}, 48h, -48h);
  const auto moved = book.note_clock(clock.set_wall(jump));
  REQUIRE(moved.size() == 1);
  CHECK(moved[0]->next_due == book_t0 + jump.count() + book_hour);
  CHECK(book.note_clock(clock.pass(1s)).empty());
  CHECK(book.take_due(clock.now).empty());
  CHECK(book.take_due(clock.pass(1h - 1s - 1ms)).empty());
  const auto runs = book.take_due(clock.pass(1ms));
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].changed.id == id);
}

TEST_CASE("a one-shot time stays a wall-clock time when the clock is set back", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  added_id(book, once_at(book_t0 + book_hour), clock.now);
  CHECK(due_minutes(book, clock.pass(30min)).empty());
  CHECK(due_minutes(book, clock.set_wall(-10h)).empty());
  CHECK(due_minutes(book, clock.pass(10h + 30min - 1ms)).empty());
  CHECK(due_minutes(book, clock.pass(1ms)) == minute_list{60});
}

TEST_CASE("schedules of a journal go on, and what they missed runs once", "[tasks]") {
  book_clock clock;
  auto before = new_book();
  added_id(before, by_cron("*/10 * * * *", "tidy"), clock.now);
  added_id(before, once_at(book_t0 + book_hour), clock.now);
  added_id(before, once_after(2h), clock.now);
  CHECK(due_minutes(before, clock.pass(10min)) == minute_list{10});
  auto after = new_book();
  clock.now.steady = time_point{};
  clock.set_wall(65min);
  for (const auto* stored : before.list()) {
    REQUIRE(after.restore(*stored, clock.now));
    CHECK(after.restore(*stored, clock.now).error().code == errc::already_exists);
  }
  CHECK(after.find_named("tidy")->runs == 1);
  CHECK(due_minutes(after, clock.now) == minute_list{20, 60});
  CHECK(due_minutes(after, clock.pass(5min)) == minute_list{80});
  CHECK(due_minutes(after, clock.pass(40min)) == minute_list{90, 120});
}

TEST_CASE("a cron schedule counts anew when the clock was set back over a restart", "[tasks]") {
  book_clock clock;
  auto before = new_book();
  added_id(before, by_cron("0 * * * *"), clock.now);
  REQUIRE(due_minutes(before, clock.pass(60min)) == minute_list{60});
  auto after = new_book();
  const auto stored = *before.list().front();
  const auto [back, next] = GENERATE(
      table<std::chrono::milliseconds, unix_millis>({{60s, 120}, {61s, 60}, {3h, -60}, {0s, 120}}));
  clock.set_wall(-back);
  REQUIRE(after.restore(stored, clock.now));
  CHECK((after.list().front()->next_due - book_t0) / book_minute == next);
}

TEST_CASE("after a long sleep the due runs come a few at a time, the oldest first", "[tasks]") {
  book_clock clock;
  auto book = new_book({.due_max = 64});
  for (int i = 0; i < 200; ++i) {
    added_id(book, by_cron(std::to_string(59 - i % 60) + " * * * *"), clock.now);
  }
  clock.pass(100h);
  std::vector<std::size_t> sizes;
  unix_millis last = 0;
  for (int call = 0; call < 5; ++call) {
    const auto runs = book.take_due(clock.now);
    sizes.push_back(runs.size());
    for (const auto& run : runs) {
      CHECK(run.slot >= last);
      last = run.slot;
    }
  }
  CHECK(sizes == std::vector<std::size_t>{64, 64, 64, 8, 0});
}
