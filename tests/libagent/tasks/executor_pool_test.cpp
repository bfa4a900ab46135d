#include "libagent/tasks/executor_pool.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace libagent;

TEST_CASE("what executors still run is told to stop when its pool goes", "[tasks]") {
  auto pool = std::make_unique<executor_pool>();
  const auto executor = pool->add(2);
  const auto held = pool->assign(executor, make_task_id(1, 2, 3), 1).stop.get_token();
  const auto answered = pool->assign(executor, make_task_id(1, 2, 4), 1).stop.get_token();
  const auto released = pool->release(make_task_id(1, 2, 4), 1);
  REQUIRE(released);
  CHECK(released->executor == executor);
  CHECK_FALSE(held.stop_requested());
  pool.reset();
  CHECK(held.stop_requested());
  CHECK_FALSE(answered.stop_requested());
}
