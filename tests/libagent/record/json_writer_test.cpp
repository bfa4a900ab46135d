#include "libagent/record/json_writer.hpp"

#include "libagent/record/json.hpp"
#include "libagent/record/json_value.hpp"
#include "libagent/tasks/task.hpp"

#include "tests/support/sample_records.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("a record is written compactly in the order of its fields", "[record]") {
  const sample::forecast value{.city = "Bern",
                               .days = {{"Mon", 1.5, sample::sky::rain}},
                               .note = {},
                               .scores = {{"b", 2}, {"a", 1}}};
  CHECK(
      to_json(value) ==
      R"({"city":"Bern","days":[{"name":"Mon","high":1.5,"sky":"rain"}],"scores":{"a":1,"b":2}})");
  CHECK(to_json(sample::no_fields{}) == "{}");
}

TEST_CASE("an empty optional leaves its key out and is null inside a list", "[record]") {
  sample::nested value;
  value.holes = {1, std::nullopt};
  const auto text = to_json(value);
  CHECK(text.find("inner") == std::string::npos);
  CHECK(text.find(R"("holes":[1,null])") != std::string::npos);
}

TEST_CASE("a first field that is left out leaves no comma behind", "[record]") {
  task_record record;
  record.target = "t";
  CHECK(
      to_json(task_request{.target = "t", .arguments = {}, .timeout = 5ms, .lane_override = {}}) ==
      R"({"target":"t","arguments":null,"timeout_ms":5,"client":"","key":"","trace":""})");
}

TEST_CASE("raw JSON is embedded as the value it spells", "[record]") {
  CHECK(to_json(std::vector{raw_json{R"({"a":1})"}, raw_json{}}) == R"([{"a":1},null])");
}

TEST_CASE("strings are escaped, and bytes that are not UTF-8 are replaced", "[record]") {
  CHECK(to_json(std::string{"a\"\\\n\t\x01\x7F\xC3\xA4"}) ==
        "\"a\\\"\\\\\\n\\t\\u0001\x7F\xC3\xA4\"");
  CHECK(to_json(std::string{"x\xFFy\xC3"}) == "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"");
}

TEST_CASE("doubles read back as the same number and those that JSON lacks become null",
          "[record]") {
  for (const double value : {0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 1e22, 123456789012345680000.0,
                             std::numeric_limits<double>::max()}) {
    CAPTURE(value);
    CHECK(from_json<double>(to_json(value)).value() == value);
  }
  CHECK(std::signbit(from_json<double>(to_json(-0.0)).value()));
  CHECK(to_json(std::nan("")) == "null");
  CHECK(to_json(std::numeric_limits<double>::infinity()) == "null");
  CHECK(to_json(0.1F) == "0.1");
}

TEST_CASE("integers of both ends are written in full", "[record]") {
  CHECK(to_json(INT64_MIN) == "-9223372036854775808");
  CHECK(to_json(UINT64_MAX) == "18446744073709551615");
  CHECK(to_json(std::int8_t{-128}) == "-128");
}

TEST_CASE("a task's record has the id, the state and the error as clients see them", "[record]") {
  task_record record;
  record.id = make_task_id(1'700'000'000'000, 1, 2);
  record.target = "add";
  record.state = task_state::failed;
  record.failure = error{errc::tool_failed, "add threw: no"};
  CHECK(
      to_json(record) ==
      R"({"id":")" + to_string(record.id) +
          R"(","target":"add","lane":"interactive","state":"failed","attempt":0,)"
          R"("accepted_at":0,"deadline":0,"error":{"code":"tool_failed",)"
          R"("message":"add threw: no"},"node":"","criticality":"critical","client":"","note":"","key":"","trace":"","crashes":0,"waits_for":0})");
}

TEST_CASE("a JSON document of a record equals its text", "[record]") {
  const sample::day value{"Mon", 1.5, sample::sky::cloudy};
  CHECK(to_json_value(value) == nlohmann::json{{"name", "Mon"}, {"high", 1.5}, {"sky", "cloudy"}});
  CHECK_THROWS_AS(to_json_value(raw_json{"{"}), contract_violation);
}
