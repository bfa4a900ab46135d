#include "libagent/api/task_query.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using Catch::Contains;

namespace {

std::string complaint(const std::vector<query_param>& params) {
  const auto read = read_task_query(params);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == errc::invalid_argument);
  return read.error().context;
}

task_record record_in(task_state state, std::string target,
                      std::optional<unix_millis> ended_at = {}) {
  return {.target = std::move(target), .state = state, .ended_at = ended_at};
}

}  // namespace

TEST_CASE("without parameters there is no query", "[api]") {
  const auto read = read_task_query({});
  REQUIRE(read);
  CHECK_FALSE(*read);
}

TEST_CASE("a query keeps states, target, limit and time", "[api]") {
  const auto read = read_task_query(
      {{"state", "dead,failed"}, {"target", "crunch"}, {"limit", "5"}, {"before", "17"}});
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((*read)->states == std::vector{task_state::dead, task_state::failed});
  CHECK((*read)->target == "crunch");
  CHECK((*read)->limit == 5);
  CHECK((*read)->ended_before == 17);
}

TEST_CASE("a query that makes no sense is named with what would", "[api]") {
  CHECK_THAT(complaint({{"state", "dead,faild"}}),
             Contains("\"faild\" (did you mean \"failed\"?)"));
  CHECK_THAT(complaint({{"state", ""}}), Contains("at least one state"));
  CHECK_THAT(complaint({{"limits", "5"}}), Contains("did you mean \"limit\""));
  CHECK_THAT(complaint({{"limit", "1001"}}), Contains("1 to 1000, got \"1001\""));
  CHECK_THAT(complaint({{"limit", "5x"}}), Contains("got \"5x\""));
  CHECK_THAT(complaint({{"before", "-1"}}), Contains("from 0"));
  CHECK_THAT(complaint({{"target", ""}}), Contains("target"));
  CHECK_THAT(complaint({{"limit", "5"}, {"limit", "6"}}), Contains("twice"));
}

TEST_CASE("records are matched as a journal would", "[api]") {
  const std::vector records{record_in(task_state::dead, "a", 10),
                            record_in(task_state::queued, "a"),
                            record_in(task_state::dead, "b", 30)};
  CHECK(matching_records(records, {}).size() == 3);
  CHECK(matching_records(records, {.states = {task_state::dead}}).size() == 2);
  CHECK(matching_records(records, {.target = "a"}).size() == 2);
  CHECK(matching_records(records, {.limit = 1}).size() == 1);
  CHECK(matching_records(records, {.ended_before = 30}).size() == 1);
}
