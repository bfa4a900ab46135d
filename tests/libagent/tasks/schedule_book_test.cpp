#include "libagent/tasks/schedule_book.hpp"

#include "libagent/record/json.hpp"

#include "tests/libagent/tasks/schedule_harness.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

std::string add_error(const schedule_request& asked, const schedule_limits& limits = {}) {
  auto book = new_book(limits);
  const auto added = book.add(asked, book_clock{}.now);
  return added ? "accepted" : to_string(added.error());
}

}  // namespace

TEST_CASE("a schedule says in exactly one way when it runs", "[tasks]") {
  CHECK_THAT(add_error({.request = {.target = "add"}}),
             Catch::Contains("invalid_argument: add schedule: exactly one of at, after and cron") &&
                 Catch::Contains("not 0"));
  auto both = by_cron("@daily");
  both.at = book_t0;
  CHECK_THAT(add_error(both), Catch::Contains("not 2"));
  both.after = 1s;
  CHECK_THAT(add_error(both), Catch::Contains("not 3"));
}

TEST_CASE("a schedule that cannot be is refused with the field that is wrong", "[tasks]") {
  CHECK_THAT(add_error(by_cron("60 * * * *")),
             Catch::Contains("cron: ") && Catch::Contains("minute \"60\": allowed is 0"));
  CHECK_THAT(add_error(once_at(book_t0 - book_minute - 1)),
             Catch::Contains("at: 1709251139999 is in the past"));
  CHECK(add_error(once_at(book_t0 - book_minute)) == "accepted");
  CHECK_THAT(add_error(once_at(253'402'300'800'000)), Catch::Contains("past the year 9999"));
  CHECK_THAT(add_error(once_after(-1ms)), Catch::Contains("after: -1 ms, allowed is 0 to"));
  CHECK_THAT(add_error(once_after(876'001h)), Catch::Contains("after: "));
  CHECK(add_error(once_after(876'000h)) == "accepted");
  CHECK_THAT(add_error(by_cron("@daily", std::string(129, 'n'))),
             Catch::Contains("name: it has 129"));
  auto wrong = by_cron("@daily");
  wrong.request.key = "k";
  CHECK_THAT(add_error(wrong), Catch::Contains("request/key"));
  wrong.request = {.target = "add", .durable = false};
  CHECK_THAT(add_error(wrong), Catch::Contains("request/durable"));
  wrong.request = {};
  CHECK_THAT(add_error(wrong), Catch::Contains("request/target"));
}

TEST_CASE("the book of schedules is bounded in number and bytes", "[tasks]") {
  const book_clock clock;
  auto book = new_book({.count_max = 2});
  const auto first = added_id(book, by_cron("@daily"), clock.now);
  CHECK(book.add(by_cron("@daily"), clock.now));
  const auto refused = book.add(by_cron("@daily"), clock.now);
  REQUIRE_FALSE(refused);
  CHECK(to_string(refused.error()) == "overloaded: add schedule: there are 2, the limit is 2");
  CHECK(book.remove(first));
  CHECK_FALSE(book.remove(first));
  CHECK(book.add(by_cron("@daily"), clock.now));
  auto big = by_cron("@daily");
  big.request.arguments.text.assign(5'000, ' ');
  CHECK_THAT(add_error(big, {.bytes_max = kibibytes(4)}), Catch::Contains("the limit is 4KiB"));
}

TEST_CASE("the name of a schedule is free again when it was removed or is over", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  const auto daily = added_id(book, by_cron("@daily", "report"), clock.now);
  CHECK(book.find_named("report")->id == daily);
  CHECK(book.add(by_cron("@hourly", "report"), clock.now).error().code == errc::already_exists);
  CHECK(book.remove(daily));
  auto once = once_after(1s);
  once.name = "report";
  CHECK(book.add(once, clock.now));
  REQUIRE(book.take_due(clock.pass(1s)).size() == 1);
  CHECK(book.find_named("report") == nullptr);
  CHECK(book.add(by_cron("@hourly", "report"), clock.now));
  CHECK(book.list().size() == 1);
}

TEST_CASE("a due run carries a durable request with a key of this run only", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  auto asked = by_cron("*/5 * * * *", "tidy");
  asked.request.client = "alice";
  const auto id = added_id(book, asked, clock.now);
  CHECK(book.take_due(clock.pass(5min - 1ms)).empty());
  const auto runs = book.take_due(clock.pass(1ms));
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].slot == clock.now.unix_time);
  CHECK(runs[0].request.key ==
        "schedule:" + to_string(id) + ':' + std::to_string(clock.now.unix_time) + ":1");
  CHECK(runs[0].request.durable == true);
  CHECK(runs[0].request.client == "alice");
  CHECK_FALSE(runs[0].is_over);
  CHECK(runs[0].changed.runs == 1);
  CHECK(runs[0].changed.next_due == clock.now.unix_time + 5 * book_minute);
  CHECK(runs[0].changed.request.key.empty());
  CHECK(runs[0].changed == *book.find(id));
  book.note_task(id, make_task_id(1, 2, 3));
  CHECK(book.find(id)->last_task == make_task_id(1, 2, 3));
  CHECK(book.take_due(clock.now).empty());
}

TEST_CASE("a one-shot schedule runs at its time and is over", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  added_id(book, once_at(book_t0 + book_minute), clock.now);
  added_id(book, once_after(1min), clock.now);
  CHECK(book.take_due(clock.pass(1min - 1ms)).empty());
  const auto runs = book.take_due(clock.pass(1ms));
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].is_over);
  CHECK(runs[1].is_over);
  CHECK(runs[0].slot == book_t0 + book_minute);
  CHECK(book.size() == 0);
  CHECK(book.take_due(clock.pass(1h)).empty());
  CHECK_FALSE(book.next_due(clock.now));
}

TEST_CASE("a damaged schedule of a journal is refused", "[tasks]") {
  auto book = new_book();
  schedule stored{.id = make_task_id(1, 2, 3), .request = {.target = "add"}, .cron = "never"};
  const auto refused = book.restore(stored, book_clock{}.now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt);
  CHECK_THAT(refused.error().context, Catch::Contains(to_string(stored.id)));
  stored.cron.clear();
  stored.request.target.clear();
  CHECK(book.restore(stored, book_clock{}.now).error().code == errc::corrupt);
  CHECK(book.size() == 0);
}

TEST_CASE("a run that could not be submitted comes again with the same key", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  const auto asked = GENERATE(by_cron("0 * * * *"), once_at(book_t0 + book_hour), once_after(1h));
  const auto id = added_id(book, asked, clock.now);
  const auto runs = book.take_due(clock.pass(60min));
  REQUIRE(runs.size() == 1);
  book.run_later(runs[0], clock.now.steady + 5s);
  CHECK(book.find(id)->runs == 0);
  CHECK(book.next_due(clock.now) == clock.now.steady + 5s);
  (void)book.note_clock(clock.set_wall(20h));
  CHECK(book.take_due(clock.pass(5s - 1ms)).empty());
  const auto again = book.take_due(clock.pass(1ms));
  REQUIRE(again.size() == 1);
  CHECK(again[0].request == runs[0].request);
  CHECK(again[0].is_over == runs[0].is_over);
  CHECK(book.take_due(clock.now).empty());
}

TEST_CASE("a run of a schedule that was removed meanwhile does not come again", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  const auto id = added_id(book, by_cron("0 * * * *"), clock.now);
  const auto runs = book.take_due(clock.pass(60min));
  REQUIRE(runs.size() == 1);
  CHECK(book.remove(id));
  book.run_later(runs[0], clock.now.steady);
  CHECK(book.size() == 0);
}

TEST_CASE("the next due time is the earlier of both clocks, at most an hour off", "[tasks]") {
  book_clock clock;
  auto book = new_book();
  CHECK_FALSE(book.next_due(clock.now));
  added_id(book, once_at(book_t0 + 100 * book_hour), clock.now);
  CHECK(book.next_due(clock.now) == clock.now.steady + 1h);
  added_id(book, once_after(3h), clock.now);
  CHECK(book.next_due(clock.now) == clock.now.steady + 1h);
  added_id(book, by_cron("*/2 * * * *"), clock.now);
  CHECK(book.next_due(clock.now) == clock.now.steady + 2min);
  added_id(book, once_after(1min), clock.now);
  CHECK(book.next_due(clock.now) == clock.now.steady + 1min);
  clock.pass(30min);
  CHECK(book.next_due(clock.now) == clock.now.steady);
}

TEST_CASE("a schedule request is read from JSON", "[tasks]") {
  const auto read = from_json<schedule_request>(
      R"({"name":"n","after_ms":1500,"request":{"target":"add","arguments":{"a":1}}})");
  REQUIRE(read);
  CHECK(read->name == "n");
  CHECK(read->after == 1500ms);
  CHECK_FALSE(read->at);
  CHECK(read->cron.empty());
  CHECK(read->request.target == "add");
  CHECK(from_json<schedule_request>(to_json(*read))->request == read->request);
  CHECK_FALSE(from_json<schedule_request>(R"({"after_ms":-1,"request":{"target":"add"}})"));
}
