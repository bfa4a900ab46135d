#include "libagent/tasks/retry_budget.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>

using namespace libagent;

namespace {

int retries_left(retry_budget& budget, const std::string& tool) {
  int taken = 0;
  while (budget.try_retry(tool)) {
    ++taken;
  }
  return taken;
}

}  // namespace

TEST_CASE("a tool begins with ten retries", "[tasks]") {
  retry_budget budget;
  CHECK(retries_left(budget, "a") == 10);
  CHECK(budget.refused() == 1);
  CHECK(retries_left(budget, "b") == 10);
}

TEST_CASE("ten first attempts earn one retry", "[tasks]") {
  retry_budget budget;
  REQUIRE(retries_left(budget, "a") == 10);
  for (int i = 0; i < 9; ++i) {
    budget.on_first_attempt("a");
  }
  CHECK_FALSE(budget.try_retry("a"));
  budget.on_first_attempt("a");
  CHECK(budget.try_retry("a"));
  CHECK_FALSE(budget.try_retry("a"));
}

TEST_CASE("a tool never saves more than ten retries", "[tasks]") {
  retry_budget budget;
  for (int i = 0; i < 5'000; ++i) {
    budget.on_first_attempt("a");
  }
  REQUIRE(budget.try_retry("a"));
  for (int i = 0; i < 5'000; ++i) {
    budget.on_first_attempt("a");
  }
  CHECK(retries_left(budget, "a") == 10);
}

TEST_CASE("a tool whose budget is full again is forgotten", "[tasks]") {
  retry_budget budget;
  REQUIRE(budget.try_retry("a"));
  CHECK(budget.size() == 1);
  for (int i = 0; i < 9; ++i) {
    budget.on_first_attempt("a");
  }
  CHECK(budget.size() == 1);
  budget.on_first_attempt("a");
  CHECK(budget.size() == 0);
}

TEST_CASE("tools past the bound share one retry budget", "[tasks]") {
  retry_budget budget;
  for (std::size_t i = 0; i < retry_budget::tools_max; ++i) {
    REQUIRE(budget.try_retry("tool-" + std::to_string(i)));
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(budget.try_retry("late-" + std::to_string(i)));
  }
  CHECK_FALSE(budget.try_retry("later"));
  CHECK(budget.size() == retry_budget::tools_max);
  CHECK(budget.try_retry("tool-0"));
  for (int i = 0; i < 10; ++i) {
    budget.on_first_attempt("late-" + std::to_string(i));
  }
  CHECK(budget.try_retry("later"));
}

TEST_CASE("retries of a tool stay within a tenth of its first attempts and ten", "[tasks]") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  retry_budget budget;
  std::map<std::string, int> tenths;  // The model: what each tool may still spend.
  for (int i = 0; i < 20'000; ++i) {
    const auto tool = "tool-" + std::to_string(random() % 5);
    auto& left = tenths.try_emplace(tool, 100).first->second;
    if (random() % 8 != 0) {
      budget.on_first_attempt(tool);
      left = std::min(left + 1, 100);
      continue;
    }
    REQUIRE(budget.try_retry(tool) == (left >= 10));
    left -= left >= 10 ? 10 : 0;
  }
  CHECK(budget.refused() > 0);
}
