#include "libagent/api/otlp_delivery.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

otlp_answer answer_with(int status, const std::string& body = {}, const http_headers& fields = {}) {
  return judge_otlp_answer({}, status, fields, body, 0);
}

otlp_answer unanswered_with(errc code) {
  return judge_otlp_answer(error{code, "reach host: no"}, 0, {}, {}, 0);
}

}  // namespace

TEST_CASE("a batch of spans has arrived with any status of 2xx, whatever the body", "[api]") {
  for (const auto* body : {"", "{}", R"({"partialSuccess":{}})", "<html>", R"([1])"}) {
    CAPTURE(body);
    const auto answer = answer_with(200, body);
    CHECK(answer.verdict == otlp_verdict::delivered);
    CHECK(answer.rejected == 0);
    CHECK(answer.why.empty());
  }
  CHECK(answer_with(202).verdict == otlp_verdict::delivered);
}

TEST_CASE("spans that the collector rejected are counted, as a text and as a number", "[api]") {
  const auto text =
      answer_with(200, R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}})");
  CHECK(text.verdict == otlp_verdict::delivered);
  CHECK(text.rejected == 3);
  CHECK_THAT(text.why, Catch::Contains("too old"));
  const auto number = answer_with(200, R"({"partialSuccess":{"rejectedSpans":2}})");
  CHECK(number.rejected == 2);
  CHECK_FALSE(number.why.empty());
}

TEST_CASE("429, 502, 503, 504 and no answer can be tried again, all else cannot", "[api]") {
  for (const int status : {429, 502, 503, 504})
    CHECK(answer_with(status).verdict == otlp_verdict::retry);
  for (const int status : {301, 400, 401, 404, 413, 500, 501})
    CHECK(answer_with(status).verdict == otlp_verdict::refused);
  for (const auto code : {errc::unavailable, errc::deadline_exceeded, errc::cancelled})
    CHECK(unanswered_with(code).verdict == otlp_verdict::retry);
  CHECK(unanswered_with(errc::invalid_argument).verdict == otlp_verdict::refused);
}

TEST_CASE("a collector says when to come back", "[api]") {
  CHECK(answer_with(503, {}, {{"Retry-After", "7"}}).retry_after == 7s);
  CHECK_FALSE(answer_with(503).retry_after);
  CHECK_FALSE(answer_with(400, {}, {{"Retry-After", "7"}}).retry_after);
}

TEST_CASE("traces have their path below the endpoint", "[api]") {
  CHECK(otlp_traces_url("http://h:4318") == "http://h:4318/v1/traces");
  CHECK(otlp_traces_url("https://h/otlp//") == "https://h/otlp/v1/traces");
}

TEST_CASE("headers are read as OTEL_EXPORTER_OTLP_HEADERS has them, or one a line", "[api]") {
  const auto read = read_otlp_headers("authorization=Basic%20abc=, x-team = a+b,\n x-more=1\r\n");
  REQUIRE(read);
  CHECK(read->find("Authorization") == "Basic abc=");
  CHECK(read->find("X-Team") == "a+b");
  CHECK(read->find("X-More") == "1");
  CHECK(read_otlp_headers("")->find("any") == std::nullopt);
}

TEST_CASE("an error about headers never shows their values", "[api]") {
  for (const auto* text :
       {"secret", "=secret", "a b=secret", "a=secret%0d%0ab: c", "a=secret%zz"}) {
    CAPTURE(text);
    const auto read = read_otlp_headers(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::invalid_argument);
    CHECK_THAT(read.error().context, !Catch::Contains("secret"));
  }
}
