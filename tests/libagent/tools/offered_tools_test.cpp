#include "libagent/tools/offered_tools.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

struct offered_nothing {};

template <class Inspector>
bool inspect(Inspector& f, offered_nothing& x) {
  return record(f, x, "offered_nothing");
}

tool_registry three_tools() {
  tool_registry all;
  for (const auto* name : {"alpha", "beta", "gamma"}) {
    REQUIRE(all.add({.name = name, .description = "Does nothing."},
                    [](const offered_nothing& in) { return in; }));
  }
  return all;
}

}  // namespace

TEST_CASE("a node offers all tools unless it is told which", "[tools]") {
  const auto offered = offered_tools(three_tools(), "");
  REQUIRE(offered);
  CHECK(offered->list().size() == 3);
}

TEST_CASE("a list of names picks tools", "[tools]") {
  const auto offered = offered_tools(three_tools(), "gamma,alpha");
  REQUIRE(offered);
  CHECK(offered->list().size() == 2);
  CHECK(offered->find("gamma"));
  CHECK_FALSE(offered->find("beta"));
}

TEST_CASE("an unknown or repeated name in the list is an error", "[tools]") {
  const auto unknown = offered_tools(three_tools(), "alpha,bet");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == errc::not_found);
  const auto repeated = offered_tools(three_tools(), "alpha,alpha");
  REQUIRE_FALSE(repeated);
  CHECK(repeated.error().code == errc::already_exists);
}
