#include "libagent/cache/single_flight.hpp"

#include "libagent/base/random.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

using table = single_flight<int>;
using role = table::role;

/// Follows every asker from `join` to the one call that has to return it.
class asker_ledger {
public:
  void waits(int asker) { REQUIRE(waiting_.insert(asker).second); }

  void returned(int asker) { REQUIRE(waiting_.erase(asker) == 1); }

  void returned(const std::vector<int>& askers) {
    for (const auto asker : askers)
      returned(asker);
  }

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

private:
  std::set<int> waiting_;
};

}  // namespace

TEST_CASE("the first asker of a key leads and the others wait", "[cache]") {
  table flights;
  CHECK(flights.join("k", 1, t0 + 1s).what == role::leads);
  CHECK(flights.join("k", 2, t0 + 1s).what == role::waits);
  CHECK(flights.join("other", 3, t0 + 1s).what == role::leads);
  CHECK(flights.shared() == 1);
}

TEST_CASE("all who waited are returned in order when the leader completes", "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  for (int asker = 1; asker < 4; ++asker)
    flights.join("k", asker, t0 + 1s);
  CHECK(flights.complete("k", leader.token) == std::vector{1, 2, 3});
  CHECK(flights.flights() == 0);
  CHECK(flights.waiters() == 0);
  CHECK_FALSE(flights.complete("k", leader.token).has_value());
}

TEST_CASE("a failing leader is followed by one waiter, and the others keep waiting", "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  flights.join("k", 1, t0 + 1s);
  flights.join("k", 2, t0 + 1s);
  const auto after = flights.abandon("k", leader.token);
  REQUIRE(after.next_leader.has_value());
  CHECK(after.next_leader->waiter == 1);
  CHECK(after.next_leader->key == "k");
  CHECK(after.given_up.empty());
  CHECK(flights.waiters() == 1);
  CHECK_FALSE(flights.complete("k", leader.token).has_value());
  CHECK(flights.complete("k", after.next_leader->token) == std::vector{2});
}

TEST_CASE("a leader that fails with nobody waiting ends its flight", "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  const auto after = flights.abandon("k", leader.token);
  CHECK(after.is_current);
  CHECK_FALSE(after.next_leader.has_value());
  CHECK(flights.join("k", 1, t0 + 1s).what == role::leads);
}

TEST_CASE("after as many failures as allowed all who wait get the error", "[cache]") {
  table flights{{.failures_max = 2}};
  const auto leader = flights.join("k", 0, t0 + 1s);
  for (int asker = 1; asker < 4; ++asker)
    flights.join("k", asker, t0 + 1s);
  const auto first = flights.abandon("k", leader.token);
  REQUIRE(first.next_leader.has_value());
  const auto second = flights.abandon("k", first.next_leader->token);
  CHECK_FALSE(second.next_leader.has_value());
  CHECK(second.given_up == std::vector{2, 3});
  CHECK_FALSE(flights.is_in_flight("k"));
}

TEST_CASE("the token of a replaced leader changes nothing", "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  flights.join("k", 1, t0 + 1s);
  const auto next = flights.revoke("k");
  REQUIRE(next.has_value());
  CHECK_FALSE(flights.complete("k", leader.token).has_value());
  CHECK_FALSE(flights.abandon("k", leader.token).is_current);
  CHECK(flights.is_in_flight("k"));
  CHECK(flights.complete("k", next->token).has_value());
}

TEST_CASE("a value from elsewhere ends the flight for all who wait", "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  flights.join("k", 1, t0 + 1s);
  CHECK(flights.settle("k") == std::vector{1});
  CHECK_FALSE(flights.complete("k", leader.token).has_value());
  CHECK(flights.settle("k").empty());
}

TEST_CASE("a waiter times out at its own deadline and not before", "[cache]") {
  table flights;
  flights.join("k", 0, t0 + 9s);
  flights.join("k", 1, t0 + 1s);
  flights.join("k", 2, t0 + 2s);
  CHECK(flights.expire(t0 + 1s - 1ns).timed_out.empty());
  CHECK(flights.expire(t0 + 1s).timed_out == std::vector{1});
  CHECK(flights.waiters() == 1);
}

TEST_CASE("a leader that dies silently is replaced at its deadline", "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  flights.join("k", 1, t0 + 5s);
  CHECK(flights.expire(t0 + 1s - 1ns).next_leaders.empty());
  const auto overdue = flights.expire(t0 + 1s);
  REQUIRE(overdue.next_leaders.size() == 1);
  CHECK(overdue.next_leaders[0].waiter == 1);
  CHECK_FALSE(flights.complete("k", leader.token).has_value());
}

TEST_CASE("a waiter whose time is up in the same moment does not lead", "[cache]") {
  table flights;
  flights.join("k", 0, t0 + 1s);
  flights.join("k", 1, t0 + 1s);
  const auto overdue = flights.expire(t0 + 2s);
  CHECK(overdue.timed_out == std::vector{1});
  CHECK(overdue.next_leaders.empty());
  CHECK_FALSE(flights.is_in_flight("k"));
}

TEST_CASE("askers over the limits are refused", "[cache]") {
  table flights{{.flights_max = 1, .waiters_max = 1}};
  CHECK(flights.join("k", 0, t0 + 1s).what == role::leads);
  CHECK(flights.join("other", 1, t0 + 1s).what == role::refused);
  CHECK(flights.join("k", 2, t0 + 1s).what == role::waits);
  CHECK(flights.join("k", 3, t0 + 1s).what == role::refused);
}

TEST_CASE("one key has no more waiters than it may, whatever others have", "[cache]") {
  table flights{{.waiters_per_key_max = 1}};
  flights.join("k", 0, t0 + 1s);
  flights.join("other", 1, t0 + 1s);
  CHECK(flights.join("k", 2, t0 + 1s).what == role::waits);
  CHECK(flights.join("k", 3, t0 + 1s).what == role::refused);
  CHECK(flights.join("other", 4, t0 + 1s).what == role::waits);
}

TEST_CASE("a thousand askers of one key cause one computation, also when two leaders fail",
          "[cache]") {
  table flights;
  const auto leader = flights.join("k", 0, t0 + 1s);
  for (int asker = 1; asker < 1'000; ++asker)
    REQUIRE(flights.join("k", asker, t0 + 1s).what == role::waits);
  const auto second = flights.abandon("k", leader.token).next_leader;
  REQUIRE(second->waiter == 1);
  const auto third = flights.revoke("k");
  REQUIRE(third->waiter == 2);
  CHECK(flights.complete("k", third->token)->size() == 997);
  CHECK(flights.waiters() == 0);
}

TEST_CASE("tokens of two incarnations with their own ranges never meet", "[cache]") {
  table before{{.first_token = 1ULL << 32U}};
  table after{{.first_token = 2ULL << 32U}};
  const auto old_leader = before.join("k", 0, t0 + 1s);
  after.join("k", 0, t0 + 1s);
  CHECK_FALSE(after.complete("k", old_leader.token).has_value());
}

TEST_CASE("every asker that waits is returned exactly once, whatever happens", "[cache]") {
  const auto seed = GENERATE(range(0U, 40U));
  CAPTURE(seed);
  seeded_random random{seed};
  table flights{{.flights_max = 4, .waiters_max = 20, .failures_max = 2}};
  asker_ledger ledger;
  std::map<std::string, std::uint64_t> leading;
  auto now = t0;
  const auto lead = [&](const std::optional<table::promotion>& next) {
    if (next) {
      ledger.returned(next->waiter);
      leading[next->key] = next->token;
    }
  };
  for (int asker = 0; asker < 3'000; ++asker) {
    now += std::chrono::milliseconds{random() % 20};
    const auto key = std::string(1, static_cast<char>('a' + random() % 6));
    const auto dice = random() % 100;
    if (dice < 70) {
      const auto seat = flights.join(key, asker, now + std::chrono::milliseconds{random() % 400});
      if (seat.what == role::leads) {
        leading[key] = seat.token;
      } else if (seat.what == role::waits) {
        ledger.waits(asker);
      }
    } else if (dice < 78) {
      if (const auto released = flights.complete(key, leading[key]))
        ledger.returned(*released);
    } else if (dice < 86) {
      const auto after = flights.abandon(key, leading[key]);
      lead(after.next_leader);
      ledger.returned(after.given_up);
    } else if (dice < 90) {
      lead(flights.revoke(key));
    } else if (dice < 93) {
      ledger.returned(flights.settle(key));
    } else {
      const auto overdue = flights.expire(now);
      ledger.returned(overdue.timed_out);
      for (const auto& next : overdue.next_leaders)
        lead(next);
    }
    REQUIRE(flights.waiters() == ledger.waiting());
    REQUIRE(flights.flights() <= 4);
  }
  for (now += 1h; flights.flights() > 0; now += 1h)
    ledger.returned(flights.expire(now).timed_out);
  CHECK(ledger.waiting() == 0);
}
