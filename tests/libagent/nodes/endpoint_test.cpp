#include "libagent/nodes/endpoint.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("an endpoint is a loopback address and a port") {
  const auto where = parse_join_endpoint("127.0.0.1:4711");
  REQUIRE(where);
  CHECK(*where == endpoint{.host = "127.0.0.1", .port = 4711});
  CHECK(to_string(*where) == "127.0.0.1:4711");
  CHECK(parse_join_endpoint("127.255.0.9:65535").has_value());
}

TEST_CASE("localhost means 127.0.0.1 without asking a resolver") {
  const auto where = parse_join_endpoint("localhost:1");
  REQUIRE(where);
  CHECK(where->host == "127.0.0.1");
}

TEST_CASE("a node may listen on any free port but must join a certain one") {
  CHECK(parse_listen_endpoint("127.0.0.1:0").has_value());
  const auto joined = parse_join_endpoint("127.0.0.1:0");
  REQUIRE_FALSE(joined);
  CHECK(to_string(joined.error()) ==
        R"(invalid_argument: join "127.0.0.1:0": a node to join needs a port from 1 to 65535)");
}

TEST_CASE("an endpoint that is not HOST:PORT is refused with an example") {
  const auto* const bad = GENERATE("", ":", "4711", "127.0.0.1", "127.0.0.1:", ":4711",
                                   "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
                                   "127.0.0.1:4711x", "127.0.0.1: 4711", "127.0.0.1:04711");
  CAPTURE(bad);
  const auto where = parse_listen_endpoint(bad);
  REQUIRE_FALSE(where);
  CHECK(where.error().code == errc::invalid_argument);
  CHECK_THAT(where.error().context, Catch::EndsWith("for example 127.0.0.1:4711"));
}

TEST_CASE("an endpoint off this machine is refused because TLS comes first") {
  const auto* const bad =
      GENERATE("0.0.0.0:1", "192.168.1.2:1", "128.0.0.1:1", "example.org:1", "127.0.0.1.example:1",
               "127.1:1", "127.0.0.256:1", "127.0.0.1.1:1", "127..0.1:1", "[::1]:1");
  CAPTURE(bad);
  const auto where = parse_listen_endpoint(bad);
  REQUIRE_FALSE(where);
  CHECK(where.error().code == errc::unsupported);
  CHECK_THAT(where.error().context,
             Catch::Contains(bad) && Catch::Contains("127.0.0.1") && Catch::Contains("TLS"));
}
