#include "libagent/base/random.hpp"
#include "libagent/models/model_gate.hpp"

#include "tests/support/gate_driver.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::gate_driver;

namespace {

constexpr std::uint64_t day_budget = 2'000;

/// Draws orders, ends, cancellations and steps of time, and checks after each what always holds.
class random_gate_run {
public:
  explicit random_gate_run(std::uint64_t seed)
      : random_{seed},
        driver_{{gate_driver::provider("one", 3), gate_driver::provider("two", 1)}, seed} {}

  void step() {
    const auto what = random_() % 10;
    if (what < 4) {
      order();
    } else if (what < 8) {
      end_one();
    } else if (what == 8) {
      cancel_one();
    } else {
      driver_.advance(std::chrono::milliseconds{random_() % 3'000});
    }
    check_always();
  }

  /// Whatever is left has to end by itself.
  void finish() {
    for (int round = 0; round < 200; ++round) {
      while (!driver_.running.empty())
        (void)driver_.succeed(driver_.running.front());
      driver_.advance(1s);
    }
    for (const auto id : admitted_) {
      CAPTURE(id);
      REQUIRE(driver_.ends[id] == 1);
    }
    REQUIRE(driver_.ends.size() == admitted_.size());
    REQUIRE(driver_.gate.live() == 0);
    for (const auto& client : clients_) {
      if (const auto* account = driver_.gate.ledger().client(client))
        REQUIRE(account->reserved.cost_micro == 0);
    }
  }

private:
  void order() {
    const gate_order what{.provider = random_() % 2,
                          .level = static_cast<criticality>(random_() % criticality_levels),
                          .deadline = driver_.now + std::chrono::milliseconds{random_() % 20'000},
                          .payers = {.client = clients_.at(random_() % clients_.size()),
                                     .agent = {},
                                     .turn_left_micro = {},
                                     .client_budget_micro = random_() % 2 == 0 ? day_budget : 0},
                          .most = {.cost_micro = random_() % 300, .tokens = random_() % 1'000}};
    const auto id = driver_.order(what);
    if (id == 0)
      return;
    REQUIRE(admitted_.insert(id).second);
    if (what.payers.client_budget_micro > 0)
      cost_[id] = what.most.cost_micro;
  }

  void end_one() {
    if (driver_.running.empty())
      return;
    const auto id = driver_.running.at(random_() % driver_.running.size());
    // All attempts of an order together stay within what was reserved.
    const auto cost = std::min<std::uint64_t>(cost_[id], random_() % 100);
    cost_[id] -= cost;
    const auto kind = random_() % 6;
    if (kind < 3)
      return (void)driver_.end(id, {.cost_micro = cost});
    const error why{kind == 3 ? errc::unavailable : errc::rate_limited, "failed",
                    kind == 5 ? std::optional{500ms} : std::nullopt};
    (void)driver_.end(id, {.failure = &why, .began = random_() % 4 == 0, .cost_micro = cost});
  }

  void cancel_one() {
    if (admitted_.empty())
      return;
    auto at = admitted_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % admitted_.size()));
    (void)driver_.cancel(*at);
  }

  void check_always() {
    for (std::size_t at = 0; at < driver_.gate.size(); ++at) {
      const auto& lane = driver_.gate.provider(at);
      REQUIRE(lane.running() <= lane.settings().calls_max);
      REQUIRE(lane.queue().size() <= lane.settings().queue_max);
    }
    for (const auto& [id, count] : driver_.ends)
      REQUIRE(count == 1);
    for (const auto& client : clients_) {
      const auto* account = driver_.gate.ledger().client(client);
      if (account != nullptr)
        REQUIRE(account->spent.cost_micro + account->reserved.cost_micro <= day_budget);
    }
  }

  seeded_random random_;
  gate_driver driver_;
  std::vector<std::string> clients_{"ann", "bob", "cy"};
  std::set<std::uint64_t> admitted_;
  std::map<std::uint64_t, std::uint64_t> cost_;  // what an order has still reserved
};

}  // namespace

TEST_CASE("whatever happens, limits hold, budgets hold, and every order ends exactly once",
          "[models]") {
  const auto seed = GENERATE(range(0U, 100U));
  CAPTURE(seed);
  random_gate_run run{seed};
  for (int i = 0; i < 400; ++i)
    run.step();
  run.finish();
}

TEST_CASE("no client of the same level starves beside one that floods", "[models]") {
  const auto seed = GENERATE(range(0U, 30U));
  CAPTURE(seed);
  seeded_random random{seed};
  auto settings = gate_driver::provider("local", 4);
  settings.queue_age_max = 1h;
  gate_driver driver{{settings}, seed};
  for (int i = 0; i < 400; ++i)
    (void)driver.order("flood");
  std::set<std::uint64_t> modest;
  std::size_t modest_done = 0;
  std::size_t all_done = 0;
  for (int i = 0; i < 300; ++i) {
    if (modest.empty())
      modest.insert(driver.order("modest"));
    (void)driver.order("flood");
    const auto id = driver.running.at(random() % driver.running.size());
    ++all_done;
    modest_done += modest.erase(id);
    (void)driver.succeed(id);
  }
  // It has one call at a time in the queue or under way, of four places: a quarter, less the waits.
  CHECK(modest_done * 10 >= all_done);
}
