#include "libagent/http/http_error.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("an error body has OpenAI's four keys, with null for what is not known", "[http]") {
  const auto response = error_response(error{errc::not_found, "find task 7: no such task"});
  CHECK(response.status == 404);
  CHECK(response.headers.find("content-type") == "application/json");
  CHECK(response.body ==
        R"({"error":{"message":"find task 7: no such task","type":"invalid_request_error",)"
        R"("param":null,"code":"not_found"}})");
}

TEST_CASE("every errc has its status, type and code", "[http]") {
  struct row {
    errc code;
    int status;
    const char* type;
  };

  const auto expected_row = GENERATE(values<row>({
      {errc::invalid_argument, 400, "invalid_request_error"},
      {errc::not_found, 404, "invalid_request_error"},
      {errc::deadline_exceeded, 504, "server_error"},
      {errc::cancelled, 499, "invalid_request_error"},
      {errc::overloaded, 503, "server_error"},
      {errc::unavailable, 503, "server_error"},
      {errc::too_large, 413, "invalid_request_error"},
      {errc::tool_failed, 422, "tool_error"},
      {errc::already_exists, 409, "invalid_request_error"},
      {errc::io_failed, 500, "server_error"},
      {errc::corrupt, 500, "server_error"},
      {errc::unsupported, 501, "server_error"},
      {errc::internal, 500, "server_error"},
  }));
  const auto failure = to_http_error(error{expected_row.code, "x"});
  CHECK(failure.status == expected_row.status);
  CHECK(failure.type == expected_row.type);
  CHECK(failure.code == to_string(expected_row.code));
}

TEST_CASE("a 503 says when to come back, in whole seconds rounded up", "[http]") {
  CHECK(error_response(error{errc::overloaded, "full"}).headers.find("Retry-After") == "1");
  const auto later = to_http_error(error{errc::overloaded, "full"}, 2001ms);
  CHECK(error_response(later).headers.find("Retry-After") == "3");
  CHECK_FALSE(error_response(error{errc::internal, "x"}).headers.contains("Retry-After"));
}

TEST_CASE("a caller over its quota gets 429 and rate_limit_error", "[http]") {
  const auto response = error_response(rate_limited("10 requests a second at most", 500ms));
  CHECK(response.status == 429);
  CHECK(response.headers.find("Retry-After") == "1");
  const auto body = nlohmann::json::parse(response.body);
  CHECK(body["error"]["type"] == "rate_limit_error");
  CHECK(body["error"]["code"] == "rate_limit_exceeded");
}

TEST_CASE("an error without context still has a message", "[http]") {
  const auto body = nlohmann::json::parse(error_response(error{errc::internal, ""}).body);
  CHECK(body["error"]["message"] == "internal");
}

TEST_CASE("an error body is valid JSON whatever bytes the message quotes", "[http]") {
  const std::string good = "quote \" backslash \\ tab \t newline \n bell \a 你好 😀";
  const auto parsed = nlohmann::json::parse(error_response(error{errc::internal, good}).body);
  CHECK(parsed["error"]["message"] == good);

  for (const auto* bad : {"\xFF", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                          "\xE4\xBD", "\xF0\x80\x80\x80", "\xE0\x80\x80", "\x80"}) {
    CAPTURE(bad);
    const auto body = error_response(error{errc::internal, bad}).body;
    const auto message = nlohmann::json::parse(body)["error"]["message"].get<std::string>();
    CHECK_THAT(message, Catch::Contains("\xEF\xBF\xBD"));
  }
}

TEST_CASE("param names the offending input", "[http]") {
  const auto response = error_response(
      http_error{.status = 400, .message = "m", .type = {}, .code = "c", .param = "/city"});
  CHECK(nlohmann::json::parse(response.body)["error"]["param"] == "/city");
}
