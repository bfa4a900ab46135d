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

TEST_CASE("a ledger goes on from what an earlier one has said", "[models]") {
  usage_ledger before;
  auto payers = client_with(100, 50);
  payers.agent = "writer";
  payers.agent_budget_micro = 100;
  const auto ended = before.reserve(payers, {.cost_micro = 60, .tokens = 9}, noon);
  REQUIRE(ended);
  before.settle(*ended, {.cost_micro = 30, .tokens = 4}, noon);
  const auto kept = before.take_changed();
  REQUIRE(kept.size() == 2);

  usage_ledger after;
  after.restore(kept, noon);
  CHECK_FALSE(after.has_changed());
  CHECK(after.client("ann")->spent == usage_amount{.cost_micro = 30, .tokens = 4});
  CHECK_FALSE(after.reserve(payers, {.cost_micro = 71}, noon));
  CHECK(after.reserve(payers, {.cost_micro = 70}, noon));
}

TEST_CASE("what was reserved when it was kept counts in full", "[models]") {
  usage_ledger before;
  REQUIRE(before.reserve(client_with(100), {.cost_micro = 60}, noon));
  usage_ledger after;
  after.restore(before.take_changed(), noon);
  CHECK_FALSE(after.reserve(client_with(100), {.cost_micro = 41}, noon));
  CHECK(after.reserve(client_with(100), {.cost_micro = 40}, noon));
}

TEST_CASE("what was spent on another day is not taken back", "[models]") {
  usage_ledger before;
  REQUIRE(before.reserve(client_with(100), {.cost_micro = 60}, noon));
  usage_ledger after;
  after.restore(before.take_changed(), noon + a_day / 2);
  CHECK(after.size() == 0);
  CHECK(after.reserve(client_with(100), {.cost_micro = 100}, noon + a_day / 2));
}

TEST_CASE("a change is told once, and again when it could not be kept", "[models]") {
  usage_ledger ledger;
  CHECK_FALSE(ledger.has_changed());
  const auto hold = ledger.reserve(client_with(100), {.cost_micro = 1}, noon);
  REQUIRE(ledger.reserve(client_with(100), {.cost_micro = 2}, noon));
  CHECK(ledger.has_changed());
  const auto taken = ledger.take_changed();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].spent.cost_micro == 3);
  CHECK_FALSE(ledger.has_changed());
  CHECK_FALSE(ledger.reserve(client_with(100), {.cost_micro = 99}, noon));
  CHECK_FALSE(ledger.has_changed());
  ledger.mark_changed(taken);
  ledger.settle(*hold, {.cost_micro = 1}, noon);
  CHECK(ledger.take_changed() == taken);
}

TEST_CASE("after a crash at any moment no more is spent than the budget", "[models]") {
  const auto seed = GENERATE(range(0U, 50U));
  CAPTURE(seed);
  seeded_random random{seed};
  usage_ledger ledger;
  std::vector<kept_spending> stored;
  std::vector<usage_hold> open;
  std::uint64_t paid = 0;  // what calls have cost at most
  const std::uint64_t budget = 1'000;
  for (int step = 0; step < 300; ++step) {
    if (auto changed = ledger.take_changed(); !changed.empty())
      stored = std::move(changed);
    if (random.unit() < 0.05) {
      ledger = usage_ledger{};
      ledger.restore(stored, noon);
      for (const auto& unseen : open)
        paid += unseen.amount.cost_micro;
      open.clear();
    } else if (open.empty() || random.unit() < 0.6) {
      if (auto hold = ledger.reserve(client_with(budget), {.cost_micro = random() % 100}, noon))
        open.push_back(*std::move(hold));
    } else {
      const auto most = open.back().amount.cost_micro;
      const auto used = most == 0 ? 0 : random() % (most + 1);
      ledger.settle(open.back(), {.cost_micro = used}, noon);
      paid += used;
      open.pop_back();
    }
    REQUIRE(paid <= budget);
  }
}
