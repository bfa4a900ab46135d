#include "libagent/http/http_response.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("reason_phrase knows the usual codes and says so when it does not", "[http]") {
  CHECK(reason_phrase(100) == "Continue");
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(431) == "Request Header Fields Too Large");
  CHECK(reason_phrase(505) == "HTTP Version Not Supported");
  CHECK(reason_phrase(299) == "Unknown");
  CHECK(reason_phrase(999) == "Unknown");
}

TEST_CASE("1xx, 204 and 304 have no body", "[http]") {
  CHECK(allows_body(200));
  CHECK(allows_body(404));
  CHECK_FALSE(allows_body(100));
  CHECK_FALSE(allows_body(204));
  CHECK_FALSE(allows_body(304));
}

TEST_CASE("json_response says that it is JSON", "[http]") {
  const auto response = json_response(201, "{}");
  CHECK(response.status == 201);
  CHECK(response.headers.find("Content-Type") == "application/json");
  CHECK(response.body == "{}");
}
