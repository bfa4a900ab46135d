#pragma once

#include "libagent/base/random.hpp"
#include "libagent/tasks/schedule_book.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

// 2024-03-01 00:00 UTC, a Friday.
inline constexpr unix_millis book_t0 = 1'709'251'200'000;
inline constexpr unix_millis book_minute = 60'000;
inline constexpr unix_millis book_hour = 60 * book_minute;

/// Both clocks, which go alike until the wall clock is set.
struct book_clock {
  instant now{.steady = time_point{} + std::chrono::hours{1}, .unix_time = book_t0};

  instant pass(std::chrono::milliseconds time) {
    now.steady += time;
    now.unix_time += time.count();
    return now;
  }

  instant set_wall(std::chrono::milliseconds jump) {
    now.unix_time += jump.count();
    return now;
  }
};

inline schedule_book new_book(const schedule_limits& limits = {}) {
  return schedule_book{limits, [random = seeded_random{5}]() mutable { return random(); }};
}

inline schedule_request by_cron(std::string cron, std::string name = {}) {
  return {.name = std::move(name), .cron = std::move(cron), .request = {.target = "add"}};
}

inline schedule_request once_at(unix_millis at) {
  return {.at = at, .request = {.target = "add"}};
}

inline schedule_request once_after(std::chrono::milliseconds after) {
  return {.after = after, .request = {.target = "add"}};
}

inline task_id added_id(schedule_book& book, const schedule_request& asked, const instant& now) {
  const auto added = book.add(asked, now);
  REQUIRE(added);
  return (*added)->id;
}

/// The slots of all that is due, as minutes after `book_t0`.
inline std::vector<unix_millis> due_minutes(schedule_book& book, const instant& now) {
  (void)book.note_clock(now);
  std::vector<unix_millis> slots;
  for (const auto& run : book.take_due(now)) {
    slots.push_back((run.slot - book_t0) / book_minute);
  }
  return slots;
}

using minute_list = std::vector<unix_millis>;

}  // namespace libagent::testing
