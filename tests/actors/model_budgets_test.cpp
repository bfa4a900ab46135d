#include "actors/bridge/directory.hpp"
#include "actors/model_gateway.hpp"
#include "actors/paths.hpp"
#include "actors/session_keeper.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_chat_model.hpp"
#include "tests/support/fake_session_store.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

constexpr unix_millis budget_test_noon = 1'700'000'000'000 / 86'400'000 * 86'400'000 + 43'200'000;

/// How orders ended; empty: not yet.
using order_ends = std::shared_ptr<std::vector<errc>>;

/// A gateway whose calls cost 2 millionths for each token, beside a keeper. Ann may spend 1,000.
class budgets_fixture : public actor_fixture {
public:
  budgets_fixture() = default;
  budgets_fixture(const budgets_fixture&) = delete;
  budgets_fixture& operator=(const budgets_fixture&) = delete;

  ~budgets_fixture() { actors::retract(system(), actors::session_keeper_path); }

  void start_keeper() {
    keeper = spawn<actors::session_keeper_impl>(
        actors::session_keeper_options{.store = store, .unix_time = [this] { return wall; }});
    actors::publish(system(), actors::session_keeper_path,
                    caf::actor_cast<caf::strong_actor_ptr>(keeper));
  }

  void start_gateway() {
    provider_settings settings{.name = "local",
                               .url = "http://127.0.0.1:8080/v1",
                               .models = {{.name = "small",
                                           .aliases = {},
                                           .price = {.input = 2, .output = 2},
                                           .reply_tokens_max = 50}},
                               .calls_max = 2};
    settings.retry.attempts_max = 1;
    gateway = spawn<actors::model_gateway_impl>(actors::model_gateway_options{
        .providers = {{settings, model}},
        .client_budget =
            [](std::string_view who) {
              return who == "ann" ? usage_amount{.cost_micro = 1'000} : usage_amount{};
            },
        .keeps_spending = true,
        .seed = 1,
        .now = [this] { return now(); },
        .unix_time = [this] { return wall; }});
  }

  void start() {
    start_keeper();
    start_gateway();
    run();
  }

  /// As a kill: neither says anything any more.
  void crash() {
    actors::retract(system(), actors::session_keeper_path);
    actors::urgent_exit(keeper, caf::exit_reason::kill);
    actors::urgent_exit(gateway, caf::exit_reason::kill);
    run();
    model = std::make_shared<fake_chat_model>();
  }

  /// As a node does it: the gateway first.
  void stop() {
    actors::urgent_exit(gateway, caf::exit_reason::user_shutdown);
    run();
    actors::urgent_exit(keeper, caf::exit_reason::user_shutdown);
    run();
    model = std::make_shared<fake_chat_model>();
  }

  order_ends call(const std::string& client = "ann", std::uint64_t agent_budget = 0) {
    auto ends = std::make_shared<std::vector<errc>>();
    auto request = std::make_shared<chat_request>();
    request->messages.push_back({.content = "words", .tool_calls = {}, .parts = {}});
    actors::order_call(
        gateway, {.model = "local/small",
                  .request = std::move(request),
                  .on_end =
                      [ends](const model_end& end) {
                        ends->push_back(end.end.reply ? errc::ok : end.end.reply.error().code);
                      },
                  .client = client,
                  .agent = "writer",
                  .agent_budget_micro = agent_budget});
    run();
    return ends;
  }

  order_ends embed(std::size_t bytes) {
    auto ends = std::make_shared<std::vector<errc>>();
    auto asked = std::make_shared<embedding_call>();
    asked->inputs = {std::string(bytes, 'a')};
    asked->on_end = [ends](const expected<embedding_call::reply>& end) {
      ends->push_back(end ? errc::ok : end.error().code);
    };
    actors::order_embedding(gateway, {.model = "small", .call = asked, .client = "ann"});
    run();
    return ends;
  }

  /// A call that costs so many millionths, an even number.
  void spend(std::uint64_t micro) {
    const auto at = model->started();
    const auto ends = call();
    REQUIRE(model->started() == at + 1);
    model->succeed(at, "done", {.prompt = micro / 2});
    run();
    REQUIRE(*ends == std::vector{errc::ok});
  }

  /// What the store says of a payer.
  std::optional<usage_amount> stored(const std::string& name) {
    const auto rows = store->spending(budget_day(wall)).value();
    for (const auto& row : rows) {
      if (row.name == name)
        return row.spent;
    }
    return std::nullopt;
  }

  session_store_ptr store = std::make_shared<fake_session_store>();
  std::shared_ptr<fake_chat_model> model = std::make_shared<fake_chat_model>();
  actors::session_keeper_actor keeper;
  actors::model_gateway_actor gateway;
  unix_millis wall = budget_test_noon;
};

}  // namespace

TEST_CASE_METHOD(budgets_fixture, "what was spent is stored within a second, not on the way",
                 "[actors][models][budgets]") {
  start();
  spend(900);
  CHECK_FALSE(stored("ann"));
  advance(1s);
  CHECK(stored("ann") == usage_amount{.cost_micro = 900, .tokens = 450});
  crash();
  start();
  CHECK(*call() == std::vector{errc::budget_exceeded});
  CHECK(call("bob")->empty());
}

TEST_CASE_METHOD(budgets_fixture, "a kill loses the spending of a second and no more",
                 "[actors][models][budgets]") {
  start();
  spend(400);
  advance(1s);
  spend(500);
  crash();
  CHECK(stored("ann") == usage_amount{.cost_micro = 400, .tokens = 200});
  start();
  spend(500);
}

TEST_CASE_METHOD(budgets_fixture, "an ordinary end loses nothing", "[actors][models][budgets]") {
  start();
  spend(900);
  stop();
  CHECK(stored("ann") == usage_amount{.cost_micro = 900, .tokens = 450});
  start();
  CHECK(*call() == std::vector{errc::budget_exceeded});
}

TEST_CASE_METHOD(budgets_fixture, "a call whose end nobody saw counts with all that was reserved",
                 "[actors][models][budgets]") {
  start();
  (void)call();
  (void)call();
  (void)call();  // two at a time: this one waits
  advance(1s);
  const auto reserved = stored("ann");
  REQUIRE(reserved);
  const auto of_one = reserved->cost_micro / 3;
  CHECK(of_one > 100);
  stop();
  // What was never sent has cost nothing.
  CHECK(stored("ann")->cost_micro == 2 * of_one);
}

TEST_CASE_METHOD(budgets_fixture, "an agent's budget is kept like a client's",
                 "[actors][models][budgets]") {
  start();
  (void)call("bob", 200);
  model->succeed(0, "done", {.prompt = 90});
  stop();
  CHECK(stored("writer") == usage_amount{.cost_micro = 180, .tokens = 90});
  CHECK_FALSE(stored("bob"));
  start();
  CHECK(*call("bob", 200) == std::vector{errc::budget_exceeded});
}

TEST_CASE_METHOD(budgets_fixture, "the next day begins with a budget that is whole",
                 "[actors][models][budgets]") {
  start();
  spend(900);
  stop();
  wall += 86'400'000;
  start();
  CHECK(call()->empty());
  CHECK(model->started() == 1);
}

TEST_CASE_METHOD(budgets_fixture, "orders under a budget wait until it is known what was spent",
                 "[actors][models][budgets]") {
  start();
  spend(900);
  stop();
  start_gateway();
  run();  // the keeper is not there yet
  const auto waits = call();
  CHECK(call("bob")->empty());
  CHECK(model->started() == 1);
  CHECK(waits->empty());
  start_keeper();
  advance(1s);
  CHECK(*waits == std::vector{errc::budget_exceeded});
}

TEST_CASE_METHOD(budgets_fixture, "while nothing can be read a budget does not begin anew",
                 "[actors][models][budgets]") {
  const auto fake = std::make_shared<fake_session_store>();
  store = fake;
  start_keeper();
  fake->fail_all(error{errc::unavailable, "no space left"});
  start_gateway();
  run();
  const auto refused = call();
  advance(1s);
  CHECK(*refused == std::vector{errc::unavailable});
  fake->fail_all(std::nullopt);
  const auto later = call();
  CHECK(later->empty());
  advance(1s);
  CHECK(model->started() == 1);
}

TEST_CASE_METHOD(budgets_fixture, "what could not be stored is stored when that works again",
                 "[actors][models][budgets]") {
  const auto fake = std::make_shared<fake_session_store>();
  store = fake;
  start();
  fake->fail_all(error{errc::unavailable, "no space left"});
  spend(300);
  advance(3s);
  fake->fail_all(std::nullopt);
  advance(1s);
  CHECK(stored("ann") == usage_amount{.cost_micro = 300, .tokens = 150});
  const auto commits = fake->commits().size();
  advance(10s);
  CHECK(fake->commits().size() == commits);
}

TEST_CASE_METHOD(budgets_fixture, "embeddings are under the budget of their client",
                 "[actors][models][budgets]") {
  start();
  const auto embedded = embed(400);
  REQUIRE(model->embeddings.size() == 1);
  model->embeddings[0].on_end(
      embedding_call::reply{.model = "small", .embeddings = {{1.0F}}, .usage = {.prompt = 450}});
  run();
  CHECK(*embedded == std::vector{errc::ok});
  advance(1s);
  CHECK(stored("ann") == usage_amount{.cost_micro = 900, .tokens = 450});
  CHECK(*embed(400) == std::vector{errc::budget_exceeded});
  CHECK(*call() == std::vector{errc::budget_exceeded});
  CHECK(model->embeddings.size() == 1);
}

TEST_CASE_METHOD(budgets_fixture, "a budget outlives the process in a store on the disk",
                 "[actors][models][budgets]") {
  const temporary_folder folder;
  const auto open = [&] {
    auto opened = open_sqlite_session_store({.file = folder.path() / "sessions.sqlite"});
    REQUIRE(opened);
    return opened->store;
  };
  store = open();
  start();
  spend(900);
  advance(1s);
  crash();
  keeper = nullptr;
  store = nullptr;
  store = open();
  start();
  CHECK(*call() == std::vector{errc::budget_exceeded});
  stop();
  store = nullptr;
}
