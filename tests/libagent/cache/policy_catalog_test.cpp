#include "libagent/cache/policy_catalog.hpp"

#include "libagent/cache/trace_replay.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

TEST_CASE("every policy of the catalog can be made and calls itself by its name", "[cache]") {
  for (const auto& known : known_policies()) {
    CAPTURE(known.name);
    const auto make = make_policy_factory({.name = std::string{known.name}});
    REQUIRE(make.has_value());
    const entry_index entries;
    const auto policy = (*make)(entries);
    CHECK(policy->name() == known.name);
    CHECK_FALSE(known.summary.empty());
    CHECK(find_policy(known.name) == &known);
  }
}

TEST_CASE("an unknown policy is refused with the names that are known", "[cache]") {
  const auto made = make_policy_factory({.name = "lur"});
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == errc::invalid_argument);
  CHECK(made.error().context.find("\"lur\" is not one of fifo, lru, ") != std::string::npos);
  CHECK(made.error().context.find("did you mean \"lru\"?") != std::string::npos);
  CHECK(find_policy("lur") == nullptr);
}

TEST_CASE("a K out of its range is refused with the range", "[cache]") {
  for (const std::uint32_t k : {0U, 1U, 65U}) {
    const auto made = make_policy_factory({.name = "lru-k", .k = k});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().context.find("allowed is 2 to 64") != std::string::npos);
  }
  CHECK(make_policy_factory({.name = "lru-k", .k = 2}).has_value());
  CHECK(make_policy_factory({.name = "lru-k", .k = 64}).has_value());
}

TEST_CASE("the objective changes what weighing policies do, and only them", "[cache]") {
  const auto trace = zipf_requests(5'000, 500, 0.8, 1);
  const auto capacity = trace.footprint_bytes() / 10;
  for (const auto& known : known_policies()) {
    CAPTURE(known.name);
    const std::string name{known.name};
    const auto for_hits = make_policy_factory({.name = name});
    const auto for_bytes = make_policy_factory({.name = name, .objective = cache_objective::bytes});
    REQUIRE(for_hits.has_value());
    REQUIRE(for_bytes.has_value());
    const auto hits = replay(trace, capacity, *for_hits);
    const auto bytes = replay(trace, capacity, *for_bytes);
    CHECK((hits.hits != bytes.hits) == known.weighs_entries);
    // The adaptive policy needs longer than this to learn which of its experts saves more.
    if (known.weighs_entries && name != "adaptive")
      CHECK(bytes.miss_ratio(cache_objective::bytes) < hits.miss_ratio(cache_objective::bytes));
  }
}
