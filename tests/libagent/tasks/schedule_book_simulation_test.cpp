#include "libagent/base/random.hpp"
#include "libagent/tasks/schedule_book.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr unix_millis sim_minute = 60'000;
constexpr unix_millis sim_hour = 60 * sim_minute;
constexpr unix_millis sim_day = 24 * sim_hour;
constexpr unix_millis sim_start = 1'709'251'200'000;
constexpr std::array<const char*, 8> sim_crons{"*/30 * * * *", "0 * * * *",           "17 3 * * *",
                                               "0 0 * * MON",  "5 4 1,15 * 5-7",      "0 12 31 * *",
                                               "59 23 29 2 *", "0-40/20 8-17 * * 1-5"};

/// Runs a book for ten years under a wall clock that jumps, and a process that restarts, and checks
/// every promise after every step.
class schedule_simulation {
public:
  explicit schedule_simulation(std::uint64_t seed) : random_{seed}, book_{new_book()} {
    for (const auto* text : sim_crons) {
      const auto added = book_.add({.cron = text, .request = {.target = "add"}}, now_);
      REQUIRE(added);
      crons_.emplace((*added)->id, *cron_expression::parse(text));
    }
  }

  void run() {
    const auto end = now_.steady + std::chrono::hours{24 * 3'652};
    while (now_.steady < end) {
      disturb();
      settle();
      const auto next = book_.next_due(now_);
      demand(next && *next > now_.steady, "there is a next time, and it is later");
      pass(std::min(*next - now_.steady, duration{1h}));
    }
  }

  [[nodiscard]] std::uint64_t runs() const { return runs_; }

  [[nodiscard]] std::uint64_t one_shots() const { return one_shots_; }

private:
  /// As REQUIRE, which would take most of the time here.
  void demand(bool holds, const char* promise) {
    if (holds)
      return;
    INFO(promise << ", at " << now_.unix_time);
    FAIL();
  }

  schedule_book new_book() {
    return schedule_book{{}, [this] { return random_(); }};
  }

  unix_millis up_to(unix_millis bound) {
    return static_cast<unix_millis>(random_() % static_cast<std::uint64_t>(bound));
  }

  void pass(duration time) {
    // Whole milliseconds, so that both clocks show the same.
    const auto passed = std::chrono::ceil<std::chrono::milliseconds>(time);
    now_.steady += passed;
    now_.unix_time += passed.count();
  }

  void disturb() {
    switch (random_() % 400) {
      case 0: set_wall(up_to(3 * sim_hour)); break;
      case 1: set_wall(-up_to(3 * sim_hour)); break;
      case 2: set_wall(up_to(40 * sim_day)); break;
      case 3: set_wall(-up_to(40 * sim_day)); break;
      case 4: set_wall(up_to(2 * sim_minute) - sim_minute); break;
      case 5: restart(); break;
      case 6: pass(std::chrono::milliseconds{up_to(5 * sim_day)}); break;  // It was stopped.
      case 7: add_one_shot(); break;
      default: break;
    }
  }

  // What runs again after a step back of more than a minute belongs to another pass.
  void set_wall(unix_millis jump) {
    now_.unix_time += jump;
    if (now_.unix_time < pass_top_ - sim_minute) {
      seen_.clear();
      pass_top_ = now_.unix_time;
    }
  }

  void restart() {
    auto fresh = new_book();
    now_.steady += 1s;  // It took a while.
    now_.unix_time += 1'000;
    for (const auto* stored : book_.list()) {
      REQUIRE(fresh.restore(*stored, now_));
    }
    book_ = std::move(fresh);
  }

  void add_one_shot() {
    schedule_request asked{.request = {.target = "add"}};
    if (random_() % 2 == 0) {
      asked.at = now_.unix_time + up_to(10 * sim_day);
    } else {
      asked.after = std::chrono::milliseconds{up_to(10 * sim_day)};
    }
    REQUIRE(book_.add(asked, now_));
  }

  void settle() {
    pass_top_ = std::max(pass_top_, now_.unix_time);
    (void)book_.note_clock(now_);
    std::set<task_id> ran;
    for (const auto& run : book_.take_due(now_)) {
      demand(keys_.insert(run.request.key).second, "each run has a key of its own");
      demand(ran.insert(run.changed.id).second, "what was missed runs once");
      check(run);
    }
    demand(book_.take_due(now_).empty(), "what ran is not due");
    check_none_waits_too_long();
  }

  void check(const due_run& run) {
    const auto cron = crons_.find(run.changed.id);
    if (cron == crons_.end()) {
      ++one_shots_;
      demand(run.is_over, "a one-shot runs once");
      return;
    }
    ++runs_;
    demand(run.slot <= now_.unix_time, "nothing runs early");
    demand(cron->second.next_after(run.slot - 1) == run.slot, "a slot is a time of the cron");
    auto& last = seen_.try_emplace(run.changed.id, run.slot - 1).first->second;
    demand(run.slot > last, "no time runs twice in a pass of the clock");
    last = run.slot;
  }

  void check_none_waits_too_long() {
    const auto is_right = std::ranges::all_of(crons_, [this](const auto& each) {
      const auto next_due = book_.find(each.first)->next_due;
      return next_due > now_.unix_time &&
             next_due <= each.second.next_after(now_.unix_time + sim_minute);
    });
    demand(is_right, "no schedule waits past its next time");
  }

  seeded_random random_;
  instant now_{.steady = time_point{} + 1h, .unix_time = sim_start};
  schedule_book book_;
  std::map<task_id, cron_expression> crons_;
  std::map<task_id, unix_millis> seen_;  // Each cron schedule's latest slot in this pass.
  unix_millis pass_top_ = sim_start;
  std::set<std::string> keys_;
  std::uint64_t runs_ = 0;
  std::uint64_t one_shots_ = 0;
};

}  // namespace

TEST_CASE("ten years of a jumping clock neither skip a time, nor run one twice, nor storm",
          "[tasks]") {
  const auto seed = GENERATE(range(0U, 2U));
  CAPTURE(seed);
  schedule_simulation simulation{seed};
  simulation.run();
  // Half-hourly and hourly alone come 26,000 times a year; forward jumps pass some by.
  CHECK(simulation.runs() > 100'000);
  CHECK(simulation.one_shots() > 100);
}
