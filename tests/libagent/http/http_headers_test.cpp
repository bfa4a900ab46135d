#include "libagent/http/http_headers.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("header names compare without case", "[http]") {
  const http_headers headers{{"Content-Type", "text/plain"}};
  CHECK(headers.find("content-type") == "text/plain");
  CHECK(headers.find("CONTENT-TYPE") == "text/plain");
  CHECK_FALSE(headers.contains("Content-Typ"));
  CHECK_FALSE(headers.contains("Content-Types"));
}

TEST_CASE("find gives the first of several fields, count gives all", "[http]") {
  http_headers headers;
  headers.add("Via", "a");
  headers.add("via", "b");
  CHECK(headers.find("VIA") == "a");
  CHECK(headers.count("Via") == 2);
}

TEST_CASE("set replaces all fields of that name", "[http]") {
  http_headers headers{{"Via", "a"}, {"VIA", "b"}, {"Host", "h"}};
  headers.set("via", "c");
  CHECK(headers.count("Via") == 1);
  CHECK(headers.find("Via") == "c");
  CHECK(headers.size() == 2);
}

TEST_CASE("a header cannot smuggle a line break or a bad name into a response", "[http]") {
  http_headers headers;
  CHECK_THROWS_AS(headers.add("X-A", "1\r\nX-B: 2"), contract_violation);
  CHECK_THROWS_AS(headers.add("X-A", std::string("a\0b", 3)), contract_violation);
  CHECK_THROWS_AS(headers.add("X A", "1"), contract_violation);
  CHECK_THROWS_AS(headers.add("", "1"), contract_violation);
  CHECK(headers.empty());
}
