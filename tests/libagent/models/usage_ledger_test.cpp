#include "libagent/models/usage_ledger.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;

namespace {

constexpr unix_millis noon = 1'700'000'000'000 / 86'400'000 * 86'400'000 + 43'200'000;
constexpr unix_millis a_day = 86'400'000;

usage_payers client_with(std::uint64_t micro, std::uint64_t tokens = 0) {
  return {.client = "ann",
          .agent = {},
          .turn_left_micro = {},
          .client_budget_micro = micro,
          .client_budget_tokens = tokens};
}

}  // namespace

TEST_CASE("calls at the same time cannot overspend together", "[models]") {
  usage_ledger ledger;
  const auto first = ledger.reserve(client_with(100), {.cost_micro = 60}, noon);
  REQUIRE(first);
  const auto second = ledger.reserve(client_with(100), {.cost_micro = 41}, noon);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::budget_exceeded);
  CHECK_THAT(second.error().context, Catch::Contains("client ann has 40 left"));
  CHECK(ledger.reserve(client_with(100), {.cost_micro = 40}, noon));
  CHECK(ledger.refused() == 1);
}

TEST_CASE("what a call did not use can be spent again", "[models]") {
  usage_ledger ledger;
  const auto hold = ledger.reserve(client_with(100), {.cost_micro = 100, .tokens = 9}, noon);
  REQUIRE(hold);
  ledger.settle(*hold, {.cost_micro = 30, .tokens = 4}, noon);
  CHECK(ledger.client("ann")->spent.cost_micro == 30);
  CHECK(ledger.client("ann")->spent.tokens == 4);
  CHECK(ledger.client("ann")->reserved.cost_micro == 0);
  CHECK_FALSE(ledger.reserve(client_with(100), {.cost_micro = 71}, noon));
  CHECK(ledger.reserve(client_with(100), {.cost_micro = 70}, noon));
}

TEST_CASE("tokens, the agent and the turn have limits of their own", "[models]") {
  usage_ledger ledger;
  CHECK(ledger.reserve(client_with(0, 10), {.cost_micro = 99, .tokens = 10}, noon));
  CHECK_FALSE(ledger.reserve(client_with(0, 10), {.tokens = 1}, noon));
  usage_payers payers{.client = {}, .agent = "writer", .turn_left_micro = 50};
  CHECK(ledger.reserve(payers, {.cost_micro = 50}, noon));
  CHECK_FALSE(ledger.reserve(payers, {.cost_micro = 51}, noon));
  payers.agent_budget_micro = 60;
  CHECK(ledger.reserve(payers, {.cost_micro = 50}, noon));
  const auto over = ledger.reserve(payers, {.cost_micro = 11}, noon);
  REQUIRE_FALSE(over);
  CHECK_THAT(over.error().context, Catch::Contains("agent writer has 10 left"));
}

TEST_CASE("a refusal reserves nothing of anybody", "[models]") {
  usage_ledger ledger;
  auto payers = client_with(100);
  payers.agent = "writer";
  payers.agent_budget_micro = 10;
  CHECK_FALSE(ledger.reserve(payers, {.cost_micro = 50}, noon));
  CHECK(ledger.reserve(client_with(100), {.cost_micro = 100}, noon));
}

TEST_CASE("a budget begins anew at midnight, but what is reserved stays reserved", "[models]") {
  usage_ledger ledger;
  const auto spent = ledger.reserve(client_with(100), {.cost_micro = 60}, noon);
  const auto open = ledger.reserve(client_with(100), {.cost_micro = 30}, noon);
  ledger.settle(*spent, {.cost_micro = 60}, noon);
  const auto midnight = noon + a_day / 2;
  CHECK_FALSE(ledger.reserve(client_with(100), {.cost_micro = 70}, midnight - 1));
  CHECK(ledger.reserve(client_with(100), {.cost_micro = 70}, midnight));
  ledger.settle(*open, {.cost_micro = 30}, midnight);
  CHECK(ledger.client("ann")->spent.cost_micro == 30);
}

TEST_CASE("accounts of other days make room, those of today do not", "[models]") {
  usage_ledger ledger{2};
  for (const auto* name : {"a", "b"}) {
    auto payers = client_with(100);
    payers.client = name;
    const auto hold = ledger.reserve(payers, {.cost_micro = 1}, noon);
    REQUIRE(hold);
    ledger.settle(*hold, {.cost_micro = 1}, noon);
  }
  const auto refused = ledger.reserve(client_with(100), {.cost_micro = 1}, noon);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
  CHECK(ledger.reserve(client_with(100), {.cost_micro = 1}, noon + a_day));
  CHECK(ledger.size() == 1);
}

TEST_CASE("no row of calls spends more than the budget when none takes more than it reserved",
          "[models]") {
  const auto seed = GENERATE(range(0U, 50U));
  CAPTURE(seed);
  seeded_random random{seed};
  usage_ledger ledger;
  std::vector<usage_hold> open;
  const std::uint64_t budget = 1'000;
  for (int step = 0; step < 500; ++step) {
    if (open.empty() || random.unit() < 0.5) {
      auto hold = ledger.reserve(client_with(budget), {.cost_micro = random() % 200}, noon);
      if (hold)
        open.push_back(*std::move(hold));
    } else {
      const auto at = random() % open.size();
      const auto most = open[at].amount.cost_micro;
      ledger.settle(open[at], {.cost_micro = most == 0 ? 0 : random() % (most + 1)}, noon);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    }
    const auto* account = ledger.client("ann");
    if (account != nullptr)
      REQUIRE(account->spent.cost_micro + account->reserved.cost_micro <= budget);
  }
}
