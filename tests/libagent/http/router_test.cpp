#include "libagent/http/router.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

route_table sample_routes() {
  route_table routes;
  routes.add("GET", "/");
  routes.add("POST", "/v1/tasks");
  routes.add("GET", "/v1/tasks/{id}");
  routes.add("DELETE", "/v1/tasks/{id}");
  routes.add("GET", "/v1/tasks/{id}/events");
  routes.add("GET", "/v1/tasks/stats");
  return routes;
}

std::size_t route_of(const route_table& routes, std::string_view method, std::string_view path) {
  const auto result = routes.match(method, path);
  REQUIRE(std::holds_alternative<matched_route>(result));
  return std::get<matched_route>(result).route;
}

http_response refusal_of(const route_table& routes, std::string_view method,
                         std::string_view path) {
  const auto result = routes.match(method, path);
  REQUIRE(std::holds_alternative<http_response>(result));
  return std::get<http_response>(result);
}

}  // namespace

TEST_CASE("a route is found by method and path", "[http]") {
  const auto routes = sample_routes();
  CHECK(route_of(routes, "GET", "/") == 0);
  CHECK(route_of(routes, "POST", "/v1/tasks") == 1);
  CHECK(route_of(routes, "GET", "/v1/tasks/7") == 2);
  CHECK(route_of(routes, "DELETE", "/v1/tasks/7") == 3);
  CHECK(route_of(routes, "GET", "/v1/tasks/7/events") == 4);
}

TEST_CASE("a literal segment wins over a parameter, whichever was added first", "[http]") {
  CHECK(route_of(sample_routes(), "GET", "/v1/tasks/stats") == 5);
  CHECK(route_of(sample_routes(), "DELETE", "/v1/tasks/stats") == 3);
}

TEST_CASE("HEAD is answered by the GET route", "[http]") {
  CHECK(route_of(sample_routes(), "HEAD", "/v1/tasks/7") == 2);
}

TEST_CASE("parameters are decoded after splitting, so an encoded slash stays inside", "[http]") {
  const auto result = sample_routes().match("GET", "/v1/tasks/a%2Fb+c");
  REQUIRE(std::holds_alternative<matched_route>(result));
  CHECK(std::get<matched_route>(result).params.at("id") == "a/b+c");
}

TEST_CASE("asking for a parameter that the pattern does not have is a bug", "[http]") {
  const auto result = sample_routes().match("GET", "/v1/tasks/7");
  CHECK_THROWS_AS(std::get<matched_route>(result).params.at("name"), contract_violation);
}

TEST_CASE("a path without a route is a 404 in the error shape", "[http]") {
  const auto routes = sample_routes();
  for (const auto* path :
       {"/v1", "/v1/tasks/", "/v1/tasks/7/", "//", "/v1/tasks//events", "*", ""}) {
    CAPTURE(path);
    const auto refusal = refusal_of(routes, "GET", path);
    CHECK(refusal.status == 404);
    CHECK_THAT(refusal.body, Catch::Contains(R"("code":"not_found")"));
  }
}

TEST_CASE("a wrong method is a 405 that lists the right ones", "[http]") {
  const auto refusal = refusal_of(sample_routes(), "PUT", "/v1/tasks/7");
  CHECK(refusal.status == 405);
  CHECK(refusal.headers.find("Allow") == "DELETE, GET, HEAD");
  CHECK_THAT(refusal.body, Catch::Contains(R"("code":"method_not_allowed")"));
}

TEST_CASE("a badly encoded segment is a 400", "[http]") {
  CHECK(refusal_of(sample_routes(), "GET", "/v1/tasks/%zz").status == 400);
}

TEST_CASE("a path may have sixteen segments and not one more", "[http]") {
  std::string longest;
  for (int i = 0; i < 16; ++i)
    longest += "/a";
  route_table routes;
  routes.add("GET", longest);
  CHECK(route_of(routes, "GET", longest) == 0);
  CHECK(refusal_of(routes, "GET", longest + "/a").status == 404);
  CHECK_THROWS_AS(routes.add("GET", longest + "/a"), contract_violation);
}

TEST_CASE("a pattern that cannot work is refused when it is added", "[http]") {
  auto routes = sample_routes();
  CHECK_THROWS_AS(routes.add("GET", "v1"), contract_violation);
  CHECK_THROWS_AS(routes.add("GET", "/v1/"), contract_violation);
  CHECK_THROWS_AS(routes.add("GET", "/{}"), contract_violation);
  CHECK_THROWS_AS(routes.add("GET", "/{a}/{a}"), contract_violation);
  CHECK_THROWS_AS(routes.add("GET", "/v1/tasks/{other}"), contract_violation);
}

TEST_CASE("a router hands back what was kept with the route", "[http]") {
  router<int> numbers;
  numbers.add("GET", "/a/{x}", 7);
  const auto result = numbers.match("GET", "/a/b");
  using found = router<int>::found;
  REQUIRE(std::holds_alternative<found>(result));
  CHECK(*std::get<found>(result).handler == 7);
  CHECK(std::get<found>(result).params.at("x") == "b");
  CHECK(std::holds_alternative<http_response>(numbers.match("GET", "/b")));
}
