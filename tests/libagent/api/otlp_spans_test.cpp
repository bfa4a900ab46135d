#include "libagent/api/otlp_spans.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace libagent;

TEST_CASE("spans are written as OTLP wants them in JSON", "[api]") {
  span one{.context = {.trace_high = 1, .trace_low = 2, .span_id = 0xABC},
           .parent_span_id = 0xDEF,
           .name = "chat \"m\"",
           .kind = span_kind::client,
           .start_unix_nanos = 1'700'000'000'000'000'000,
           .end_unix_nanos = 1'700'000'000'000'000'001,
           .attributes = {{"s", std::string{"x"}},
                          {"i", std::int64_t{5}},
                          {"d", 0.5},
                          {"b", true},
                          {"l", std::vector<std::string>{"a", "b"}}},
           .status = span_status::failed,
           .status_message = "timeout"};
  span root;
  root.name = "root";
  const auto document = nlohmann::json::parse(
      otlp_spans({{"service.name", std::string{"agent"}}}, "1.2", std::vector{one, root}));
  const auto& resource = document.at("resourceSpans").at(0);
  CHECK(resource.at("resource").at("attributes").at(0).at("key") == "service.name");
  const auto& scope = resource.at("scopeSpans").at(0);
  CHECK(scope.at("scope").at("version") == "1.2");
  const auto& written = scope.at("spans").at(0);
  CHECK(written.at("traceId") == "00000000000000010000000000000002");
  CHECK(written.at("spanId") == "0000000000000abc");
  CHECK(written.at("parentSpanId") == "0000000000000def");
  CHECK(written.at("name") == "chat \"m\"");
  CHECK(written.at("kind") == 3);
  CHECK(written.at("endTimeUnixNano") == "1700000000000000001");
  CHECK(written.at("status") == nlohmann::json{{"code", 2}, {"message", "timeout"}});
  const auto& attributes = written.at("attributes");
  CHECK(attributes.at(0).at("value").at("stringValue") == "x");
  CHECK(attributes.at(1).at("value").at("intValue") == "5");
  CHECK(attributes.at(2).at("value").at("doubleValue") == 0.5);
  CHECK(attributes.at(3).at("value").at("boolValue") == true);
  CHECK(attributes.at(4).at("value").at("arrayValue").at("values").size() == 2);
  CHECK_FALSE(scope.at("spans").at(1).contains("parentSpanId"));
}
