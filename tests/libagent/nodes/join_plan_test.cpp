#include "libagent/nodes/join_plan.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

const time_point first_try{1h};

join_plan plan_in_hand() {
  return join_plan{{.host = "127.0.0.1", .port = 4711}};
}

}  // namespace

TEST_CASE("a node is tried at once, and again when the wait after a failure is over") {
  auto plan = plan_in_hand();
  CHECK(plan.is_due(first_try));
  plan.begin(first_try, 3s);
  CHECK_FALSE(plan.is_due(first_try));
  plan.wait_until(first_try + 10s);
  CHECK_FALSE(plan.is_due(first_try + 10s - 1ns));
  CHECK(plan.is_due(first_try + 10s));
}

TEST_CASE("a try to join is overdue at its limit, whether it connects or waits for a welcome") {
  auto plan = plan_in_hand();
  CHECK_FALSE(plan.is_overdue(first_try));
  const auto number = plan.begin(first_try, 3s);
  CHECK_FALSE(plan.is_overdue(first_try + 3s - 1ns));
  CHECK(plan.is_overdue(first_try + 3s));
  REQUIRE(plan.greet(number));
  CHECK_FALSE(plan.is_overdue(first_try + 3s - 1ns));
  CHECK(plan.is_overdue(first_try + 3s));
  plan.join();
  CHECK_FALSE(plan.is_overdue(first_try + 1h));
  CHECK_FALSE(plan.is_due(first_try + 1h));
}

TEST_CASE("a connection that comes after its try was given up is ignored") {
  auto plan = plan_in_hand();
  const auto first = plan.begin(first_try, 3s);
  plan.wait_until(first_try + 3s);
  CHECK_FALSE(plan.greet(first));
  const auto second = plan.begin(first_try + 3s, 3s);
  CHECK_FALSE(plan.greet(first));
  CHECK(plan.greet(second));
  CHECK_FALSE(plan.greet(second));
  CHECK(plan.at() == join_plan::stage::greeting);
}

TEST_CASE("a lost node is tried again") {
  auto plan = plan_in_hand();
  REQUIRE(plan.greet(plan.begin(first_try, 3s)));
  plan.join();
  plan.wait_until(first_try + 1s);
  CHECK(plan.is_due(first_try + 1s));
}

TEST_CASE("beginning a try while one is on is a bug") {
  auto plan = plan_in_hand();
  plan.begin(first_try, 3s);
  CHECK_THROWS_AS(plan.begin(first_try, 3s), contract_violation);
  CHECK_THROWS_AS(plan.join(), contract_violation);
}
