#include "libagent/memory/memory_ledger.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

using namespace libagent;

namespace {

/// A ledger with 1000 bytes to give, 100 of them in use.
memory_ledger ledger_of_thousand() {
  memory_ledger ledger{2'000, 0.5};
  ledger.update(100);
  return ledger;
}

}  // namespace

TEST_CASE("memory is set aside up to the share of the budget and not beyond", "[memory]") {
  auto ledger = ledger_of_thousand();
  CHECK(ledger.headroom() == 900);
  CHECK(ledger.refusal_of(901) == memory_refusal::not_now);
  CHECK_FALSE(ledger.try_reserve(901).has_value());
  CHECK(ledger.refused() == 1);
  const auto grant = ledger.try_reserve(900);
  REQUIRE(grant.has_value());
  CHECK(grant->bytes() == 900);
  CHECK(ledger.reserved() == 900);
  CHECK(ledger.headroom() == 0);
  CHECK_FALSE(ledger.try_reserve(1).has_value());
  CHECK(ledger.try_reserve(0).has_value());
}

TEST_CASE("what never fits is told apart from what does not fit now", "[memory]") {
  auto ledger = ledger_of_thousand();
  CHECK(ledger.refusal_of(900) == memory_refusal::none);
  CHECK(ledger.refusal_of(1'000) == memory_refusal::not_now);
  CHECK(ledger.refusal_of(1'001) == memory_refusal::never);
  CHECK(ledger.largest_possible() == 900);
}

TEST_CASE("a grant gives its memory back once, at its end or before", "[memory]") {
  auto ledger = ledger_of_thousand();
  {
    auto grant = ledger.try_reserve(300);
    const auto other = ledger.try_reserve(200);
    CHECK(ledger.reserved() == 500);
    CHECK(ledger.grants() == 2);
    grant->release();
    grant->release();
    CHECK(ledger.reserved() == 200);
  }
  CHECK(ledger.reserved() == 0);
  CHECK(ledger.grants() == 0);
}

TEST_CASE("a moved grant holds its memory, and the one it replaces gives its own back",
          "[memory]") {
  auto ledger = ledger_of_thousand();
  auto first = ledger.try_reserve(300);
  auto second = ledger.try_reserve(200);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  *first = *std::move(second);
  CHECK(first->bytes() == 200);
  CHECK(ledger.reserved() == 200);
  auto shared = std::move(*first).share();
  const auto copy = shared;
  shared.reset();
  CHECK(ledger.reserved() == 200);
}

TEST_CASE("a grant may outlive its ledger", "[memory]") {
  std::optional<memory_grant> grant;
  {
    auto ledger = ledger_of_thousand();
    grant = ledger.try_reserve(300);
  }
  CHECK(grant->bytes() == 300);
  grant.reset();
}

TEST_CASE("measured use counts when it is more than what was promised", "[memory]") {
  auto ledger = ledger_of_thousand();
  const auto grant = ledger.try_reserve(300);
  ledger.update(700);
  CHECK(ledger.headroom() == 300);
  CHECK(ledger.baseline() == 100);
}

TEST_CASE("memory that is reserved and now in use is not counted twice", "[memory]") {
  auto ledger = ledger_of_thousand();
  const auto grant = ledger.try_reserve(300);
  ledger.update(250);  // half of it was touched
  CHECK(ledger.headroom() == 600);
  ledger.update(400);
  CHECK(ledger.headroom() == 600);
}

TEST_CASE("the baseline falls with use while memory is reserved, and rises only without",
          "[memory]") {
  auto ledger = ledger_of_thousand();
  {
    const auto grant = ledger.try_reserve(300);
    ledger.update(60);
    CHECK(ledger.baseline() == 60);
    ledger.update(360);
    CHECK(ledger.baseline() == 60);
  }
  ledger.update(360);  // the memory is still on its way back
  CHECK(ledger.baseline() == 60);
  ledger.update(200);
  CHECK(ledger.baseline() == 200);
}

TEST_CASE("a grant that came and went between two measurements delays the baseline too",
          "[memory]") {
  auto ledger = ledger_of_thousand();
  (void)ledger.try_reserve(300);
  ledger.update(400);
  CHECK(ledger.baseline() == 100);
  ledger.update(150);
  CHECK(ledger.baseline() == 150);
}

TEST_CASE("work that does not say what it takes is guessed at an eighth first", "[memory]") {
  auto ledger = ledger_of_thousand();
  CHECK(ledger.guess() == 125);
  const auto grant = ledger.try_reserve_unknown();
  REQUIRE(grant.has_value());
  CHECK(grant->bytes() == 125);
  CHECK(ledger.promised() == 225);
}

TEST_CASE("the guess rises to what was measured by head, beyond what others promised", "[memory]") {
  auto ledger = ledger_of_thousand();
  const auto declared = ledger.try_reserve(200);
  const auto first = ledger.try_reserve_unknown();
  const auto second = ledger.try_reserve_unknown();
  ledger.update(100 + 200 + 2 * 170);
  CHECK(ledger.guess() == 170);
  ledger.update(1'000'000);
  CHECK(ledger.guess() == 500);  // half of the limit at most
}

TEST_CASE("the guess falls slowly, and only while there is work to learn from", "[memory]") {
  auto ledger = ledger_of_thousand();
  {
    const auto grant = ledger.try_reserve_unknown();
    ledger.update(740);
    REQUIRE(ledger.guess() == 500);
    ledger.update(100);
    CHECK(ledger.guess() == 493);
  }
  ledger.update(100);
  CHECK(ledger.guess() == 493);
  const auto grant = ledger.try_reserve_unknown();
  for (int i = 0; i < 1'000; ++i)
    ledger.update(100);
  CHECK(ledger.guess() < 70);
  CHECK(ledger.guess() >= 3);
}

TEST_CASE("one piece of work of unknown size always runs, a second one must fit", "[memory]") {
  auto ledger = ledger_of_thousand();
  ledger.update(990);
  const auto first = ledger.try_reserve_unknown();
  CHECK(first.has_value());
  CHECK_FALSE(ledger.try_reserve_unknown().has_value());
  CHECK(ledger.refused() == 1);
}

TEST_CASE("a trim is wanted after a refusal, or once much was given back", "[memory]") {
  auto ledger = ledger_of_thousand();
  CHECK_FALSE(ledger.is_trim_wanted());
  (void)ledger.try_reserve(49);
  CHECK_FALSE(ledger.is_trim_wanted());
  (void)ledger.try_reserve(1);
  CHECK(ledger.is_trim_wanted());
  ledger.note_trim();
  CHECK_FALSE(ledger.is_trim_wanted());
  (void)ledger.try_reserve(5'000);
  CHECK(ledger.is_trim_wanted());
}

TEST_CASE("more in use than the budget leaves no room and no overflow", "[memory]") {
  auto ledger = ledger_of_thousand();
  ledger.update(5'000);
  CHECK(ledger.headroom() == 0);
  CHECK(ledger.largest_possible() == 0);
  CHECK_FALSE(ledger.try_reserve(~std::uint64_t{0}).has_value());
}

TEST_CASE("a ledger without a budget is a mistake", "[memory]") {
  CHECK_THROWS_AS(memory_ledger(0), contract_violation);
  CHECK_THROWS_AS(memory_ledger(1, 1.1), contract_violation);
  CHECK_THROWS_AS(memory_ledger(1, 0), contract_violation);
}

TEST_CASE("on any course the books balance and never promise more than there is", "[memory]") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  auto ledger = ledger_of_thousand();
  std::vector<memory_grant> held;
  std::uint64_t sum = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto bytes = random() % 400;
    if (auto grant = ledger.try_reserve(bytes)) {
      sum += bytes;
      held.push_back(*std::move(grant));
    }
    if (!held.empty() && random() % 2 == 0) {
      std::swap(held[random() % held.size()], held.back());
      sum -= held.back().bytes();
      held.pop_back();
    }
    if (random() % 10 == 0)
      ledger.update(random() % 500);
    REQUIRE(ledger.reserved() == sum);
    REQUIRE(ledger.grants() == held.size());
    REQUIRE(sum <= 1'000);
  }
}

TEST_CASE("threads share one ledger without promising too much", "[memory]") {
  memory_ledger ledger{1'000, 1.0};
  const auto work = [&ledger] {
    for (int i = 0; i < 2'000; ++i) {
      const auto grant = ledger.try_reserve(400);
      if (ledger.reserved() > 1'000)
        return false;
      ledger.update(0);
    }
    return true;
  };
  bool other = false;
  {
    const std::jthread thread{[&] { other = work(); }};
    CHECK(work());
  }
  CHECK(other);
  CHECK(ledger.reserved() == 0);
}
