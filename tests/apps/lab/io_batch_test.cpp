#include "apps/lab/io_batch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

using namespace libagent;
using namespace libagent::lab;
using namespace std::chrono_literals;

namespace {

io_outcome outcome_of_batch(io_batch& batch) {
  io_outcome outcome;
  batch.add_to(outcome);
  return outcome;
}

}  // namespace

TEST_CASE("a batch in which each task got its own line once has nothing wrong", "[lab]") {
  io_batch batch{2};
  batch.begin();
  batch.answered(1, io_answer(1));
  batch.answered(0, io_answer(0));
  batch.wait(10s);
  const auto seen = outcome_of_batch(batch);
  CHECK(seen.wrong == 0);
  CHECK(seen.latencies_ms.size() == 2);
  REQUIRE(seen.walls_ms.size() == 1);
  CHECK(seen.walls_ms.front() == std::max(seen.latencies_ms[0], seen.latencies_ms[1]));
}

TEST_CASE("another task's line, a second answer, an error and none at all are each wrong",
          "[lab]") {
  io_batch batch{5};
  batch.begin();
  batch.answered(0, io_answer(1));
  batch.answered(1, io_answer(1));
  batch.answered(1, io_answer(1));
  batch.answered(2, error{errc::overloaded, "full"});
  batch.answered(4, io_answer(4));
  batch.wait(0s);
  const auto seen = outcome_of_batch(batch);
  CHECK(seen.wrong == 4);
  CHECK(seen.latencies_ms.size() == 1);
  CHECK(seen.first_problem == "task 0 was answered 1 times, first with: 1 done");
}

TEST_CASE("batches are run as often as asked, and their tasks put together", "[lab]") {
  const auto seen = run_batches(
      [](const std::shared_ptr<io_batch>& batch, std::size_t tasks) {
        for (std::size_t i = 0; i < tasks; ++i)
          batch->answered(i, io_answer(i));
      },
      3, 2);
  CHECK(seen.wrong == 0);
  CHECK(seen.latencies_ms.size() == 6);
  CHECK(seen.walls_ms.size() == 2);
  CHECK(seen.memory_peak > 0);
}

TEST_CASE("a pool of four serves the fifth task in its second turn", "[lab]") {
  const auto computed = computed_for_pool(9, 4, 700ms);
  CHECK(computed.is_computed);
  CHECK(computed.latencies_ms[3] == Approx(700));
  CHECK(computed.latencies_ms[4] == Approx(1'400));
  CHECK(computed.walls_ms.front() == Approx(2'100));
}
