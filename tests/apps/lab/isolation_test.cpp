#include "apps/lab/foreign_cpu.hpp"
#include "apps/lab/isolation_board.hpp"
#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_pools.hpp"
#include "apps/lab/isolation_rounds.hpp"
#include "apps/lab/isolation_work.hpp"
#include "apps/lab/wire_answers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// Small enough to be done at once on any machine.
lab::bench_sizes tiny_sizes() {
  return {.work = {.short_rounds = 10, .slice_rounds = 100, .slices = 3}, .cores = 2};
}

/// Answers each request the given number of times.
class scripted_contestant final : public lab::contestant {
public:
  scripted_contestant(int answers, double long_tasks) : answers_{answers}, long_{long_tasks} {}

  expected<void> start_long() override { return {}; }

  expected<void> stop_long() override { return {}; }

  double long_tasks_done() override { return done_ += long_; }

  expected<void> play(const lab::answer_board_ptr& board) override {
    board->start();
    for (std::size_t i = 0; i < board->size(); ++i) {
      for (int k = 0; k < answers_; ++k)
        board->answer(i, true);
    }
    return {};
  }

private:
  int answers_;
  double long_;
  double done_ = 0;
};

std::vector<std::string> problems_of(int answers, double long_tasks) {
  std::vector<lab::mode> modes;
  modes.push_back(
      {.name = "scripted", .who = std::make_unique<scripted_contestant>(answers, long_tasks)});
  lab::run_rounds(
      modes, {.rounds = 1, .idle = 20ms, .loaded = 20ms, .warm_up = 0ms, .progress_patience = 0ms});
  return modes.front().problems;
}

}  // namespace

TEST_CASE("arrivals come at the rate asked for, in order, and the same for a seed", "[lab]") {
  const auto arrivals = lab::poisson_arrivals(200, 100s, 7);
  CHECK(arrivals.size() > 19'300);  // 5 standard deviations of a Poisson count of 20,000
  CHECK(arrivals.size() < 20'700);
  CHECK(std::ranges::is_sorted(arrivals));
  CHECK(arrivals.back() < 100s);
  CHECK(arrivals == lab::poisson_arrivals(200, 100s, 7));
  CHECK(arrivals != lab::poisson_arrivals(200, 100s, 8));
}

TEST_CASE("a board counts who was not answered, answered twice, or answered badly", "[lab]") {
  lab::answer_board board{{0ns, 0ns, 0ns}};
  board.start();
  board.answer(0, true);
  board.answer(0, true);
  board.answer(2, false);
  CHECK(board.unanswered() == 1);
  CHECK(board.answered_twice() == 1);
  CHECK(board.answered_badly() == 1);
  CHECK_FALSE(board.all_answered());
  CHECK(board.latencies_us().size() == 2);
  board.answer(1, true);
  CHECK(board.all_answered());
}

TEST_CASE("a wait counts from when a request was due, not from when it was sent", "[lab]") {
  lab::answer_board board{{0ns, 3'600s}};
  board.start();
  board.answer(1, true);  // an hour early counts as at once, not as a negative wait
  CHECK(board.latencies_us() == std::vector<double>{0});
  board.answer(0, true);
  CHECK(board.latencies_us().front() > 0);
}

TEST_CASE("a round reports short tasks without an answer or with two, and idle long tasks",
          "[lab]") {
  CHECK(problems_of(1, 1).empty());
  CHECK_THAT(problems_of(2, 1).front(), Catch::Contains("answers came twice"));
  CHECK_THAT(problems_of(1, 0).front(), Catch::Contains("the long tasks stood still"));
}

TEST_CASE("plain pools answer every short task once while long ones go on", "[lab]") {
  using pools = lab::pools_contestant::pools;
  const auto how_many = GENERATE(pools::one, pools::two);
  std::vector<lab::mode> modes;
  modes.push_back(
      {.name = "pools",
       .who = std::make_unique<lab::pools_contestant>(tiny_sizes(), how_many, lab::ranking::nice)});
  lab::run_rounds(modes,
                  {.per_second = 2'000, .rounds = 1, .idle = 20ms, .loaded = 20ms, .warm_up = 0ms});
  CHECK(modes.front().problems == std::vector<std::string>{});
}

TEST_CASE("the ratio of two modes is the median of their rounds' ratios", "[lab]") {
  const auto rounds = [](std::vector<double> rates) {
    std::vector<lab::loop_result> made;
    for (const auto rate : rates)
      made.push_back({.long_per_s = rate});
    return made;
  };
  const auto rate = [](const lab::loop_result& one) { return one.long_per_s; };
  CHECK(lab::median_ratio(rounds({1, 2, 9}), rounds({1, 1, 1}), rate) == 2);
  CHECK(lab::median_ratio(rounds({4, 9}), rounds({2, 0}), rate) == 2);
  CHECK(lab::median_ratio(rounds({}), rounds({1}), rate) == 0);
}

TEST_CASE("an HTTP answer is complete with its last byte and good with status 200", "[lab]") {
  const std::string good = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(lab::read_http_answer(good.substr(0, size)) == lab::wire_answer::incomplete);
  CHECK(lab::read_http_answer(good) == lab::wire_answer::good);
  CHECK(lab::read_http_answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") ==
        lab::wire_answer::bad);
  CHECK(lab::read_http_answer("HTTP/1.1 200 OK\r\n\r\n") == lab::wire_answer::bad);
}

TEST_CASE("a line is an answer when it has ended and good when it says ok", "[lab]") {
  CHECK(lab::read_line_answer("o") == lab::wire_answer::incomplete);
  CHECK(lab::read_line_answer("ok\n") == lab::wire_answer::good);
  CHECK(lab::read_line_answer("no\n") == lab::wire_answer::bad);
}

TEST_CASE("twice the rounds are about twice the CPU time", "[lab]") {
  const auto sizes = lab::calibrate_work();
  const auto once = lab::cpu_us_of_spin(sizes.slice_rounds);
  const auto twice = lab::cpu_us_of_spin(2 * sizes.slice_rounds);
  CHECK(twice / once > 1.5);
  CHECK(twice / once < 3);
}

TEST_CASE("the share of others is a share", "[lab]") {
  const lab::foreign_cpu_meter meter;
  CHECK(meter.percent() >= 0);
  CHECK(meter.percent() <= 100);
}
