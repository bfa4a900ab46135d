#include "libagent/api/door_listings.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("the query of a list of sessions is read as a whole or refused", "[api][session]") {
  const auto query = read_session_query(
      {{"agent", "docs"}, {"open", "true"}, {"limit", "1000"}, {"before", "1700000000000"}});
  REQUIRE(query);
  CHECK(query->agent == "docs");
  CHECK(query->open_only);
  CHECK(query->limit == 1000);
  CHECK(query->changed_before == 1'700'000'000'000);
  CHECK(read_session_query({})->limit == 100);

  CHECK_FALSE(read_session_query({{"limit", "0"}}));
  CHECK_FALSE(read_session_query({{"limit", "1001"}}));
  CHECK_FALSE(read_session_query({{"open", "yes"}}));
  CHECK_FALSE(read_session_query({{"before", "-1"}}));
  CHECK_FALSE(read_session_query({{"colour", "red"}}));
}

TEST_CASE("an agent is a model of its own name", "[api][openai]") {
  const auto line = model_line_of({"docs", "Answers."}, 17);
  CHECK(line.id == "agent:docs");
  CHECK(line.created == 17);
  CHECK(line.description == "Answers.");
}
