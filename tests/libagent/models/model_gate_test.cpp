#include "libagent/models/model_gate.hpp"

#include "tests/support/gate_driver.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::gate_driver;
using enum libagent::criticality;

namespace {

std::vector<provider_settings> only(std::uint32_t calls_max) {
  return {gate_driver::provider("local", calls_max)};
}

}  // namespace

TEST_CASE("no more calls than the limit run, and the others follow one by one", "[models]") {
  gate_driver driver{only(2)};
  const auto a = driver.order();
  const auto b = driver.order();
  const auto c = driver.order();
  const auto d = driver.order();
  CHECK(driver.running == std::vector{a, b});
  CHECK(driver.succeed(a) == gate_verdict::finish);
  CHECK(driver.running == std::vector{b, c});
  (void)driver.succeed(b);
  CHECK(driver.running == std::vector{c, d});
}

TEST_CASE("an interactive call passes batch calls that wait", "[models]") {
  gate_driver driver{only(1)};
  const auto first = driver.order("batch", sheddable_plus);
  (void)driver.order("batch", sheddable_plus);
  const auto person = driver.order("ann", critical);
  (void)driver.succeed(first);
  CHECK(driver.running == std::vector{person});
}

TEST_CASE("clients of the same level take turns", "[models]") {
  gate_driver driver{only(1)};
  auto running = driver.order("greedy");
  for (int i = 0; i < 10; ++i)
    (void)driver.order("greedy");
  const auto modest = driver.order("modest");
  int before = 0;
  while (!driver.is_running(modest)) {
    running = driver.running.front();
    (void)driver.succeed(running);
    ++before;
  }
  CHECK(before <= 2);
}

TEST_CASE("a full queue refuses, low levels first", "[models]") {
  auto providers = only(1);
  providers[0].queue_max = 10;
  gate_driver driver{providers};
  (void)driver.order();
  for (int i = 0; i < 5; ++i)
    REQUIRE(driver.order("batch", sheddable) != 0);
  CHECK(driver.order("batch", sheddable) == 0);
  CHECK(driver.refused.code == errc::overloaded);
  CHECK(driver.refused.retry_after.has_value());
  for (int i = 0; i < 4; ++i)
    REQUIRE(driver.order("ann", critical) != 0);
  CHECK(driver.order("ann", critical) == 0);
  CHECK(driver.order("root", critical_plus) != 0);
  CHECK(driver.order("root", critical_plus) == 0);
  CHECK(driver.gate.provider(0).counters().refused == 3);
}

TEST_CASE("a provider without a queue still takes what it has room for", "[models]") {
  auto providers = only(1);
  providers[0].queue_max = 0;
  gate_driver driver{providers};
  CHECK(driver.order() != 0);
  CHECK(driver.order() == 0);
}

TEST_CASE("a call whose deadline passes in the queue is dropped unsent", "[models]") {
  gate_driver driver{only(1)};
  const auto first = driver.order();
  const auto late = driver.order("ann", critical, 2s);
  driver.advance(2s - 1ns);
  CHECK(driver.unsent.empty());
  driver.advance(1ns);
  CHECK(driver.unsent.at(late).code == errc::deadline_exceeded);
  CHECK(driver.order("ann", critical, 0s) == 0);
  (void)driver.succeed(first);
  CHECK(driver.running.empty());
}

TEST_CASE("a call that waits longer than calls may is refused", "[models]") {
  auto providers = only(1);
  providers[0].queue_age_max = 5s;
  gate_driver driver{providers};
  (void)driver.order();
  const auto old = driver.order();
  driver.advance(5s);
  CHECK(driver.unsent.at(old).code == errc::overloaded);
}

TEST_CASE("a cancelled call that waits is over, and one under way is to be stopped", "[models]") {
  gate_driver driver{only(1)};
  const auto a = driver.order();
  const auto b = driver.order();
  CHECK(driver.cancel(b) == cancel_verdict::finish);
  CHECK(driver.cancel(b) == cancel_verdict::unknown);
  CHECK(driver.cancel(a) == cancel_verdict::stop);
  CHECK(driver.fail(a, {errc::cancelled, "stopped"}) == gate_verdict::finish);
  CHECK(driver.gate.live() == 0);
}

TEST_CASE("a failure that may pass is tried again after a random wait", "[models]") {
  gate_driver driver{only(1)};
  const auto id = driver.order();
  CHECK(driver.fail(id, {errc::unavailable, "cut"}) == gate_verdict::retry);
  CHECK_FALSE(driver.is_running(id));
  driver.advance(100ms);
  CHECK(driver.is_running(id));
  CHECK(driver.gate.attempts(id) == 2);
  CHECK(driver.fail(id, {errc::unavailable, "cut"}) == gate_verdict::retry);
  driver.advance(200ms);
  CHECK(driver.fail(id, {errc::unavailable, "cut"}) == gate_verdict::finish);
  CHECK(driver.gate.provider(0).counters().retries == 2);
}

TEST_CASE("nothing is started over after something was passed on", "[models]") {
  gate_driver driver{only(1)};
  const auto id = driver.order();
  CHECK(driver.fail(id, {errc::unavailable, "cut"}, /*began=*/true) == gate_verdict::finish);
}

TEST_CASE("an error that stays is not tried again", "[models]") {
  const auto code = GENERATE(errc::invalid_argument, errc::context_too_long, errc::unauthenticated,
                             errc::budget_exceeded, errc::not_found, errc::corrupt);
  gate_driver driver{only(1)};
  CHECK(driver.fail(driver.order(), {code, "no"}) == gate_verdict::finish);
}

TEST_CASE("a provider's wish for a pause is kept, by all its calls", "[models]") {
  gate_driver driver{only(2)};
  const auto id = driver.order();
  CHECK(driver.fail(id, {errc::rate_limited, "429", 3'000ms}) == gate_verdict::retry);
  const auto other = driver.order();
  CHECK(driver.order("ann", critical, 3s) == 0);  // has no time for that
  CHECK(driver.refused.code == errc::rate_limited);
  driver.advance(3s - 1ns);
  CHECK(driver.running.empty());
  driver.advance(1ns);
  CHECK(driver.is_running(id));
  CHECK(driver.is_running(other));
}

TEST_CASE("no call waits for a pause longer than two minutes or than its deadline", "[models]") {
  gate_driver driver{only(1)};
  CHECK(driver.fail(driver.order(), {errc::rate_limited, "429", 120'001ms}) ==
        gate_verdict::finish);
  driver.advance(60s);
  CHECK(driver.fail(driver.order("ann", critical, 2s), {errc::unavailable, "503", 2'000ms}) ==
        gate_verdict::finish);
}

TEST_CASE("a 429 without a time halves the limit, and answers bring it back", "[models]") {
  gate_driver driver{only(8)};
  std::vector<std::uint64_t> ids;
  driver.advance(1ms);
  for (int i = 0; i < 8; ++i)
    ids.push_back(driver.order());
  driver.advance(1ms);
  for (const auto id : ids)
    (void)driver.fail(id, {errc::rate_limited, "429"}, true);
  CHECK(driver.gate.provider(0).limit() == 4);
  CHECK(driver.gate.provider(0).breaker(driver.now) == breaker_state::closed);
  driver.advance(1s);
  for (int i = 0; i < 40; ++i)
    (void)driver.succeed(driver.order());
  CHECK(driver.gate.provider(0).limit() == 8);
}

TEST_CASE("after failures in a row calls are refused at once, then one call probes", "[models]") {
  auto providers = only(10);
  providers[0].retry.attempts_max = 1;
  gate_driver driver{providers};
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(driver.order());
  for (const auto id : ids)
    (void)driver.fail(id, {errc::unavailable, "refused"});
  CHECK(driver.order() == 0);
  CHECK(driver.refused.code == errc::unavailable);
  REQUIRE(driver.refused.retry_after);
  driver.advance(*driver.refused.retry_after);
  const auto probe = driver.order();
  CHECK(driver.is_running(probe));
  CHECK(driver.order() == 0);
  (void)driver.succeed(probe);
  CHECK(driver.order() != 0);
}

TEST_CASE("a retry sits out a short pause of the breaker", "[models]") {
  auto providers = only(10);
  providers[0].breaker.pause = 400ms;
  gate_driver driver{providers};
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(driver.order());
  for (const auto id : ids)
    CHECK(driver.fail(id, {errc::unavailable, "refused"}) == gate_verdict::retry);
  driver.advance(2s);  // the first is the probe, the others wait for it
  REQUIRE(driver.running.size() == 1);
  (void)driver.succeed(driver.running.front());
  driver.advance(2s);
  CHECK(driver.running.size() == 4);
}

TEST_CASE("retries end when the provider's budget of them is spent", "[models]") {
  auto providers = only(100);
  providers[0].breaker = {.failures_in_a_row = 1'000, .window = 64};
  gate_driver driver{providers};
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 30; ++i)
    ids.push_back(driver.order());
  int retried = 0;
  for (const auto id : ids)
    retried += driver.fail(id, {errc::unavailable, "503"}) == gate_verdict::retry ? 1 : 0;
  CHECK(retried == 10);
}

TEST_CASE("a call that ignores its deadline is answered, and its place kept for a while",
          "[models]") {
  gate_driver driver{only(1)};
  const auto stuck = driver.order("ann", critical, 5s);
  const auto next = driver.order();
  driver.advance(5s + model_gate::grace - 1ns);
  CHECK(driver.abandoned.empty());
  driver.advance(1ns);
  CHECK(driver.abandoned == std::vector{stuck});
  CHECK(driver.unsent.at(stuck).code == errc::deadline_exceeded);
  CHECK_FALSE(driver.is_running(next));
  driver.advance(model_gate::write_off);
  CHECK(driver.is_running(next));
  CHECK(driver.succeed(stuck) == gate_verdict::late);
}

TEST_CASE("a call that ignores its cancellation is answered after the grace", "[models]") {
  gate_driver driver{only(1)};
  const auto stuck = driver.order();
  CHECK(driver.cancel(stuck) == cancel_verdict::stop);
  driver.advance(model_gate::grace);
  CHECK(driver.unsent.at(stuck).code == errc::cancelled);
  CHECK(driver.succeed(stuck) == gate_verdict::late);
  CHECK(driver.gate.provider(0).running() == 0);
}

TEST_CASE("a budget is reserved while a call waits, and settled when it ends", "[models]") {
  gate_driver driver{only(1)};
  gate_order what{
      .deadline = driver.now + 1h,
      .payers = {.client = "ann", .agent = {}, .turn_left_micro = {}, .client_budget_micro = 100},
      .most = {.cost_micro = 50, .tokens = 10}};
  const auto a = driver.order(what);
  const auto b = driver.order(what);
  CHECK(driver.order(what) == 0);
  CHECK(driver.refused.code == errc::budget_exceeded);
  (void)driver.end(a, {.usage = {.prompt = 3}, .cost_micro = 20});
  CHECK(driver.gate.ledger().client("ann")->spent.cost_micro == 20);
  CHECK(driver.cancel(b) == cancel_verdict::stop);
  const error cancelled{errc::cancelled, "stopped"};
  (void)driver.end(b, {.failure = &cancelled});
  CHECK(driver.gate.ledger().client("ann")->reserved.cost_micro == 0);
}

TEST_CASE("slots become the limit where the settings have none", "[models]") {
  gate_driver driver{{gate_driver::provider("asks", 0), gate_driver::provider("knows", 3)}};
  CHECK(driver.gate.provider(0).limit() == 4);
  driver.gate.set_slots(0, 2);
  driver.gate.set_slots(1, 2);
  CHECK(driver.gate.provider(0).limit() == 2);
  CHECK(driver.gate.provider(1).limit() == 3);
}

TEST_CASE("orders name provider and model, or what is clear without", "[models]") {
  auto local = gate_driver::provider("local", 1);
  auto cloud = gate_driver::provider("cloud", 1);
  cloud.models = {{.name = "org/big", .aliases = {"best"}, .price = {}},
                  {.name = "small", .aliases = {}, .price = {}}};
  gate_driver driver{{local, cloud}};
  const auto name_of_model = [&](std::string_view name) {
    const auto found = driver.gate.resolve(name);
    return found ? std::to_string(found->provider) + ":" + found->model : found.error().context;
  };
  CHECK(name_of_model("local/any/thing") == "0:any/thing");
  CHECK(name_of_model("local") == "0:local");
  CHECK(name_of_model("cloud") == "1:org/big");
  CHECK(name_of_model("cloud/best") == "1:org/big");
  CHECK(name_of_model("org/big") == "1:org/big");
  CHECK(name_of_model("small") == "1:small");
  CHECK(name_of_model("cloud/huge") == "find model huge: provider cloud is not said to have it");
  CHECK(name_of_model("huge") == "find model huge: no provider has it");
  gate_driver alone{only(1)};
  CHECK(alone.gate.resolve("qwen/small")->model == "qwen/small");
}
