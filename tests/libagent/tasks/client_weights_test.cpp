#include "libagent/tasks/client_weights.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

TEST_CASE("client weights name some clients and the others weigh one", "[tasks]") {
  const auto weights = client_weights::parse("alice=3, bob = 0.5,a=b=1000");
  REQUIRE(weights);
  CHECK(weights->of("alice") == 3);
  CHECK(weights->of("bob") == 0.5);
  CHECK(weights->of("a=b") == 1000);
  CHECK(weights->of("carol") == 1);
  CHECK(weights->of("") == 1);
  CHECK(client_weights::parse("")->of("alice") == 1);
}

TEST_CASE("a wrong client weight is refused and named", "[tasks]") {
  const auto [part, why] = GENERATE(table<std::string, std::string>({
      {"bob", "expected CLIENT=WEIGHT"},
      {"", "expected CLIENT=WEIGHT"},
      {"=2", "the client has no name"},
      {"bob=0", "above 0 and up to 1000"},
      {"bob=-1", "above 0 and up to 1000"},
      {"bob=1000.1", "above 0 and up to 1000"},
      {"bob=nan", "above 0 and up to 1000"},
      {"bob=inf", "above 0 and up to 1000"},
      {"bob=2x", "above 0 and up to 1000"},
      {"bob=", "above 0 and up to 1000"},
      {"alice=2", "has a weight already"},
  }));
  const auto weights = client_weights::parse("alice=3," + part + ",carol=1");
  REQUIRE_FALSE(weights);
  CHECK(weights.error().code == errc::invalid_argument);
  CHECK_THAT(weights.error().context, Catch::Contains('"' + part + '"') && Catch::Contains(why));
}
