#include "apps/lab/faults/seed_plan.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace libagent;

TEST_CASE("the same seed gives the same plan, and others give others") {
  std::set<std::string> plans;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto text = lab::describe(lab::plan_of_seed(seed));
    CHECK(text == lab::describe(lab::plan_of_seed(seed)));
    plans.insert(text);
  }
  CHECK(plans.size() == 200);
}

TEST_CASE("two hundred plans hold every fault and every ending") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    for (const auto& round : lab::plan_of_seed(seed).rounds) {
      seen.insert(name_of(round.ending));
      seen.insert(name_of(round.afterwards));
      for (const auto& fault : round.faults)
        seen.insert(name_of(fault.what));
    }
  }
  CHECK(seen.size() == 4 + 4 + 9);
}

TEST_CASE("power is cut only where a commit is synced before it is told") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto plan = lab::plan_of_seed(seed);
    for (const auto& round : plan.rounds) {
      if (round.afterwards == lab::down_fault::power_cut)
        CHECK(plan.sync == "group");
    }
  }
}

TEST_CASE("a seed either changes bytes or must keep everything") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto plan = lab::plan_of_seed(seed);
    if (!plan.damages())
      continue;
    for (const auto& round : plan.rounds)
      CHECK(round.afterwards == lab::down_fault::bytes_changed);
  }
}

TEST_CASE("two hundred plans hold every fault of a model server and of the way to it") {
  std::set<lab::stub_fault> of_server;
  std::set<std::string> on_the_way;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto plan = lab::plan_of_seed(seed);
    of_server.insert(plan.model_faults.begin(), plan.model_faults.end());
    CHECK((plan.model_fault_share > 0 || plan.model_faults.empty()));
    for (const auto& round : plan.rounds) {
      for (const auto& fault : round.model_faults)
        on_the_way.insert(name_of(fault.what));
    }
  }
  CHECK(of_server.size() == lab::stub_fault_kinds - 1);
  CHECK(on_the_way.size() == 5);
}
