#include "libagent/record/json_schema.hpp"

#include "libagent/record/json.hpp"
#include "libagent/tasks/task.hpp"

#include "tests/support/sample_records.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace libagent;

namespace {

nlohmann::json properties_of(const std::string& schema) {
  return nlohmann::json::parse(schema).at("properties");
}

struct tree {
  std::vector<tree> children;
};

template <class Inspector>
bool inspect(Inspector& f, tree& x) {
  return record(f, x, "tree", field("children", "Below.", x.children).fallback({}));
}

}  // namespace

TEST_CASE("a record's schema says all that its declaration says, in its order", "[record]") {
  CHECK(json_schema<sample::day>() ==
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"day",)"
        R"("type":"object","properties":{)"
        R"("name":{"description":"Name of the day.","type":"string"},)"
        R"("high":{"description":"Highest temperature.","type":"number","default":0},)"
        R"("sky":{"description":"How it looks.","type":"string",)"
        R"("enum":["clear","cloudy","rain"],"default":"clear"}},)"
        R"("required":["name"],"additionalProperties":false})");
}

TEST_CASE("nested records, lists and maps stand inline with their limits", "[record]") {
  const auto properties = properties_of(json_schema<sample::forecast>());
  CHECK(properties.at("city").at("maxLength") == 16);
  CHECK(properties.at("days").at("maxItems") == 3);
  CHECK(properties.at("days").at("items").at("required") == nlohmann::json{"name"});
  CHECK(properties.at("days").at("items").at("additionalProperties") == false);
  CHECK(properties.at("scores").at("maxProperties") == 2);
  CHECK(properties.at("scores").at("additionalProperties").at("type") == "integer");
  CHECK(properties.at("scores").at("additionalProperties").at("maximum") == 2147483647);
}

TEST_CASE("a schema has the narrower of the declared range and the type's", "[record]") {
  const auto nested = properties_of(json_schema<sample::nested>());
  CHECK(nested.at("percent").at("minimum") == 0);
  CHECK(nested.at("percent").at("maximum") == 100);
  CHECK(nested.at("ratio").at("minimum") == 0.5);
  const auto scalars = properties_of(json_schema<sample::scalars>());
  CHECK(scalars.at("i8").at("minimum") == -128);
  CHECK(scalars.at("u8").at("maximum") == 255);
  CHECK(scalars.at("u64").at("minimum") == 0);
  CHECK_FALSE(scalars.at("u64").contains("maximum"));
  CHECK_FALSE(scalars.at("i64").contains("minimum"));
}

TEST_CASE("ids, times, raw JSON and arrays of a fixed size have their own schemas", "[record]") {
  const auto scalars = properties_of(json_schema<sample::scalars>());
  CHECK(scalars.at("id").at("format") == "uuid");
  CHECK(scalars.at("wait_ms").at("type") == "integer");
  CHECK(scalars.at("wait_ms").at("minimum") == 0);
  CHECK(scalars.at("extra") == nlohmann::json{{"description", "Any JSON."}, {"default", nullptr}});
  CHECK(scalars.at("pair").at("minItems") == 2);
  CHECK(scalars.at("pair").at("maxItems") == 2);
}

TEST_CASE("fields with a fallback and optional fields are not required", "[record]") {
  const auto schema = nlohmann::json::parse(json_schema<task_request>());
  CHECK(schema.at("required") == nlohmann::json{"target"});
  CHECK(schema.at("properties").at("lane").at("enum") == nlohmann::json{"interactive", "batch"});
}

TEST_CASE("a record that contains itself has no schema", "[record]") {
  CHECK_THROWS_AS(json_schema<tree>(), contract_violation);
  // Reading and writing one works: only the inline schema would have no end.
  const auto read = from_json<tree>(R"({"children":[{},{"children":[{}]}]})");
  REQUIRE(read);
  CHECK(to_json(*read) == R"({"children":[{"children":[]},{"children":[{"children":[]}]}]})");
}
