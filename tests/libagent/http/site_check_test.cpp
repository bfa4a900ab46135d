#include "libagent/http/site_check.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

http_request request_with(const http_headers& headers) {
  return {.method = "POST", .path = "/v1/tasks", .headers = headers};
}

bool passes(const http_headers& headers, const std::vector<std::string>& names = {}) {
  return check_site(request_with(headers), names).has_value();
}

}  // namespace

TEST_CASE("a request without Host and Origin passes the site check", "[http]") {
  CHECK(passes({}));
}

TEST_CASE("addresses and localhost are names of every server", "[http]") {
  CHECK(passes({{"Host", "127.0.0.1:8080"}}));
  CHECK(passes({{"Host", "10.1.2.3"}}));
  CHECK(passes({{"Host", "[::1]:8080"}}));
  CHECK(passes({{"Host", "LocalHost:1"}}));
}

TEST_CASE("a domain name that was made to resolve to this machine is refused", "[http]") {
  const auto refused = check_site(request_with({{"Host", "evil.example:8080"}}), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().context.find("evil.example") != std::string::npos);
  CHECK(refused.error().context.find("http.host-names") != std::string::npos);
  CHECK_FALSE(passes({{"Host", "127.0.0.1.evil.example"}}));
  CHECK_FALSE(passes({{"Host", ""}}));
}

TEST_CASE("a name that the operator gave the server passes", "[http]") {
  CHECK(passes({{"Host", "agent.lan:8080"}}, {"agent.lan"}));
  CHECK_FALSE(passes({{"Host", "other.lan"}}, {"agent.lan"}));
}

TEST_CASE("a web page of another site is refused, one of this server is not", "[http]") {
  CHECK_FALSE(passes({{"Host", "127.0.0.1:8080"}, {"Origin", "https://evil.example"}}));
  CHECK_FALSE(passes({{"Host", "127.0.0.1:8080"}, {"Origin", "http://127.0.0.1:9999"}}));
  CHECK_FALSE(passes({{"Host", "127.0.0.1:8080"}, {"Origin", "null"}}));
  CHECK_FALSE(passes({{"Origin", "http://localhost:8080"}}));
  CHECK(passes({{"Host", "127.0.0.1:8080"}, {"Origin", "http://127.0.0.1:8080"}}));
}
