#include "actors/model_gateway.hpp"

#include "libagent/ports/span_ring.hpp"
#include "libagent/telemetry/model_events.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_chat_model.hpp"

#include <caf/telemetry/collector/prometheus.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;
using libagent::testing::fake_chat_model;

namespace {

/// What became of an order.
struct heard_order {
  std::string text;
  std::vector<model_end> ends;
  std::stop_source stop;
};

using heard_ptr = std::shared_ptr<heard_order>;

class gateway_fixture : public actor_fixture {
public:
  std::shared_ptr<fake_chat_model> model = std::make_shared<fake_chat_model>();
  std::shared_ptr<span_ring> spans = std::make_shared<span_ring>(100);
  std::shared_ptr<context_windows> windows = std::make_shared<context_windows>();
  provider_settings settings{.name = "local",
                             .url = "http://127.0.0.1:8080/v1",
                             .models = {{.name = "small",
                                         .aliases = {},
                                         .price = {.input = 1, .output = 2},
                                         .reply_tokens_max = 50}},
                             .calls_max = 2};
  usage_amount budget;  ///< Of every client.
  actors::model_gateway_actor gateway;

  void start_gateway() {
    gateway = spawn<actors::model_gateway_impl>(
        actors::model_gateway_options{.providers = {{settings, model}},
                                      .spans = spans,
                                      .windows = windows,
                                      .client_budget = [this](std::string_view) { return budget; },
                                      .seed = 1,
                                      .now = [this] { return now(); },
                                      .unix_time = [] { return unix_millis{1'700'000'000'000}; }});
    run();
  }

  static std::shared_ptr<const chat_request> request() {
    auto asked = std::make_shared<chat_request>();
    asked->model = "small";
    asked->messages.push_back({.content = "secret words", .tool_calls = {}, .parts = {}});
    return asked;
  }

  model_order order(const heard_ptr& heard) {
    return {.model = "local/small",
            .request = request(),
            .deadline = now() + 1min,
            .stop = heard->stop.get_token(),
            .on_delta = [heard](const chat_delta& delta) { heard->text += delta.content; },
            .on_end = [heard](model_end end) { heard->ends.push_back(std::move(end)); },
            .client = "ann",
            .agent = "writer",
            .session = "s1"};
  }

  heard_ptr call() {
    return call([](model_order&) {});
  }

  template <class Change>
  heard_ptr call(Change change) {
    auto heard = std::make_shared<heard_order>();
    auto ordered = order(heard);
    change(ordered);
    actors::order_call(gateway, std::move(ordered));
    run();
    return heard;
  }

  std::string metrics() {
    const auto page = collector_.collect_from(system().metrics());
    return {page.begin(), page.end()};
  }

private:
  caf::telemetry::collector::prometheus collector_;
};

errc code_of(const heard_ptr& heard) {
  REQUIRE(heard->ends.size() == 1);
  return heard->ends[0].end.reply ? errc::ok : heard->ends[0].end.reply.error().code;
}

}  // namespace

TEST_CASE_METHOD(gateway_fixture, "a call goes to its provider and its answer comes back once",
                 "[actors][models]") {
  start_gateway();
  const auto heard = call();
  REQUIRE(model->started() == 1);
  CHECK(model->call(0).request->model == "small");
  advance(20ms);
  model->write(0, "Hel");
  advance(30ms);
  model->write(0, "lo");
  model->succeed(0, "Hello", {.prompt = 10, .completion = 5});
  run();
  CHECK(heard->text == "Hello");
  REQUIRE(code_of(heard) == errc::ok);
  const auto& end = heard->ends[0];
  CHECK(end.end.reply->message.content == "Hello");
  CHECK(end.provider == "local");
  CHECK(end.cost_micro == 20);
  CHECK(end.attempts == 1);
  CHECK(end.first_delta == 20ms);
  CHECK(end.took == 50ms);
}

TEST_CASE_METHOD(gateway_fixture, "a request that names the provider's model is not copied",
                 "[actors][models]") {
  start_gateway();
  const auto mine = request();
  call([&](model_order& order) { order.request = mine; });
  CHECK(model->call(0).request == mine);
  call([&](model_order& order) {
    auto other = std::make_shared<chat_request>(*mine);
    other->model = "local/small";
    order.request = other;
  });
  CHECK(model->call(1).request->model == "small");
}

TEST_CASE_METHOD(gateway_fixture, "calls past the limit wait for their turn", "[actors][models]") {
  start_gateway();
  const auto a = call();
  const auto b = call();
  const auto c = call();
  CHECK(model->started() == 2);
  advance(5s);
  model->succeed(0, "a");
  run();
  CHECK(model->started() == 3);
  model->succeed(2, "c");
  run();
  REQUIRE(code_of(c) == errc::ok);
  CHECK(c->ends[0].queued == 5s);
  CHECK(b->ends.empty());
  const auto status = ask<models_status>(gateway, actors::status_atom_v);
  CHECK(status.providers.at(0).running == 1);
  CHECK(status.providers.at(0).calls == 3);
}

TEST_CASE_METHOD(gateway_fixture, "a call that failed before anybody saw anything is sent again",
                 "[actors][models]") {
  start_gateway();
  const auto heard = call();
  model->fail(0, {errc::unavailable, "refused"});
  advance(1s);
  REQUIRE(model->started() == 2);
  CHECK(heard->ends.empty());
  model->write(1, "yes");
  model->succeed(1, "yes");
  run();
  CHECK(code_of(heard) == errc::ok);
  CHECK(heard->ends[0].attempts == 2);
  CHECK(this->events().events(libagent::events::model_call_retried).size() == 1);
}

TEST_CASE_METHOD(gateway_fixture, "a call of which something was seen is never sent again",
                 "[actors][models]") {
  start_gateway();
  const auto heard = call();
  model->write(0, "The answer is");
  model->fail(0, {errc::unavailable, "cut"});  // even when the provider forgets to say so
  advance(10s);
  CHECK(model->started() == 1);
  CHECK(code_of(heard) == errc::unavailable);
  CHECK(heard->ends[0].end.began);
  CHECK(heard->ends[0].cost_micro > 0);
}

TEST_CASE_METHOD(gateway_fixture, "a stop ends a call under way and one that waits",
                 "[actors][models]") {
  settings.calls_max = 1;
  start_gateway();
  const auto running = call();
  const auto waiting = call();
  waiting->stop.request_stop();
  run();
  CHECK(code_of(waiting) == errc::cancelled);
  CHECK(waiting->ends[0].attempts == 0);
  running->stop.request_stop();
  run();
  CHECK(code_of(running) == errc::cancelled);
  const auto late = call([](model_order& order) {
    std::stop_source stopped;
    stopped.request_stop();
    order.stop = stopped.get_token();
  });
  CHECK(code_of(late) == errc::cancelled);
  CHECK(model->started() == 1);
}

TEST_CASE_METHOD(gateway_fixture, "a provider that ignores stop and deadline cannot hold a caller",
                 "[actors][models]") {
  model->deaf = true;
  start_gateway();
  const auto stopped = call();
  const auto expired = call([&](model_order& order) { order.deadline = now() + 3s; });
  stopped->stop.request_stop();
  advance(1s);
  CHECK(code_of(stopped) == errc::cancelled);
  advance(3s);
  CHECK(code_of(expired) == errc::deadline_exceeded);
  CHECK(model->call(1).stop.stop_requested());
  model->write(1, "too late");
  model->succeed(1, "too late");
  run();
  CHECK(expired->text.empty());
  CHECK(expired->ends.size() == 1);
}

TEST_CASE_METHOD(gateway_fixture, "every order is answered when the gateway dies",
                 "[actors][models]") {
  settings.calls_max = 1;
  start_gateway();
  const auto running = call();
  const auto waiting = call();
  auto unread = std::make_shared<heard_order>();
  caf::anon_send<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(gateway),
      caf::exit_msg{gateway.address(), caf::error{caf::exit_reason::kill}});
  actors::order_call(gateway, order(unread));
  run();
  CHECK(code_of(running) == errc::unavailable);
  CHECK(code_of(waiting) == errc::unavailable);
  CHECK(code_of(unread) == errc::unavailable);
  CHECK(model->call(0).stop.stop_requested());
  const auto after = call();
  CHECK(code_of(after) == errc::unavailable);
  auto nobody = std::make_shared<heard_order>();
  actors::order_call(actors::model_gateway_actor{}, order(nobody));
  CHECK(code_of(nobody) == errc::unavailable);
  running->stop.request_stop();
  model->write(0, "late");
  CHECK(running->text.empty());
}

TEST_CASE_METHOD(gateway_fixture, "a budget refuses, is reported, and puts a limit on replies",
                 "[actors][models]") {
  budget.cost_micro = 130;
  start_gateway();
  const auto first = call();
  REQUIRE(model->started() == 1);
  CHECK(model->call(0).request->how.tokens_max == 50);
  const auto second = call();
  CHECK(code_of(second) == errc::budget_exceeded);
  CHECK(this->events().events(libagent::events::model_budget_exceeded).size() == 1);
  model->succeed(0, "cheap", {.prompt = 5, .completion = 1});
  run();
  CHECK(first->ends[0].cost_micro == 7);
  (void)call();
  CHECK(model->started() == 2);
}

TEST_CASE_METHOD(gateway_fixture, "a provider that fails is left alone, and asked again later",
                 "[actors][models]") {
  settings.retry.attempts_max = 1;
  settings.calls_max = 10;
  start_gateway();
  for (std::size_t i = 0; i < 5; ++i) {
    (void)call();
    model->fail(i, {errc::unavailable, "refused"});
    run();
  }
  const auto refused = call();
  CHECK(code_of(refused) == errc::unavailable);
  CHECK(refused->ends[0].end.reply.error().retry_after);
  CHECK(model->started() == 5);
  CHECK(this->events().events(libagent::events::model_breaker_opened).size() == 1);
  const auto asked = model->look_ups;
  advance(6s);
  const auto probe = call();
  model->succeed(5, "back");
  run();
  CHECK(code_of(probe) == errc::ok);
  CHECK(this->events().events(libagent::events::model_breaker_closed).size() == 1);
  CHECK(model->look_ups == asked + 1);
}

TEST_CASE_METHOD(gateway_fixture, "slots and window of a provider are asked for until it answers",
                 "[actors][models]") {
  settings.calls_max = 0;
  model->facts = error{errc::unavailable, "refused"};
  start_gateway();
  const auto limit = [this] {
    return ask<models_status>(gateway, actors::status_atom_v).providers.at(0).limit;
  };
  CHECK(limit() == 4);
  model->facts = chat_model_facts{.slots = 7, .context_tokens = 4'096};
  advance(59s);
  CHECK(limit() == 4);
  advance(1s);
  CHECK(limit() == 7);
  CHECK(windows->of("local/small") == 4'096);
  advance(10min);
  CHECK(model->look_ups == 2);
  CHECK(this->events().events(libagent::events::model_provider_unreachable).size() == 1);
}

TEST_CASE_METHOD(gateway_fixture, "a window is learned from a call that was too long",
                 "[actors][models]") {
  start_gateway();
  const auto heard = call();
  model->end(
      0,
      {.reply = error{errc::context_too_long, "too long"}, .so_far = {}, .context_tokens = 2'048});
  run();
  CHECK(code_of(heard) == errc::context_too_long);
  CHECK(windows->of("local/small") == 2'048);
}

TEST_CASE_METHOD(gateway_fixture, "embeddings go the same way", "[actors][models]") {
  start_gateway();
  std::vector<expected<embedding_call::reply>> ends;
  auto asked = std::make_shared<embedding_call>();
  asked->inputs = {"one"};
  asked->on_end = [&](expected<embedding_call::reply> end) { ends.push_back(std::move(end)); };
  actors::order_embedding(gateway, {.model = "small", .call = asked, .client = {}});
  run();
  REQUIRE(model->embeddings.size() == 1);
  CHECK(model->embeddings[0].model == "small");
  model->embeddings[0].on_end(
      embedding_call::reply{.model = "small", .embeddings = {{1.0F}}, .usage = {.prompt = 2}});
  run();
  REQUIRE(ends.size() == 1);
  REQUIRE(ends[0]);
  CHECK(ends[0]->embeddings == std::vector<std::vector<float>>{{1.0F}});
}

TEST_CASE_METHOD(gateway_fixture, "metrics have OpenTelemetry's names", "[actors][models]") {
  start_gateway();
  (void)call();
  model->write(0, "x");
  model->succeed(0, "x", {.prompt = 10, .completion = 5});
  (void)call();
  model->fail(1, {errc::invalid_argument, "no"});
  run();
  const auto page = metrics();
  CHECK_THAT(page,
             Catch::Contains("gen_ai_client_operation_duration_seconds_count{") &&
                 Catch::Contains("gen_ai_client_operation_time_to_first_chunk_seconds_sum{") &&
                 Catch::Contains("gen_ai_client_token_usage_bucket{") &&
                 Catch::Contains("error_type=\"invalid_argument\"") &&
                 Catch::Contains("gen_ai_request_model=\"small\"") &&
                 Catch::Contains("agent_model_calls_total{provider=\"local\"} 2") &&
                 Catch::Contains("agent_model_cost_micro_total{provider=\"local\"} 20") &&
                 Catch::Contains("agent_model_limit{provider=\"local\"} 2"));
}

TEST_CASE_METHOD(gateway_fixture, "each order makes a span without contents", "[actors][models]") {
  start_gateway();
  (void)call([](model_order& order) {
    order.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  });
  advance(100ms);
  model->write(0, "hidden");
  model->succeed(0, "hidden", {.prompt = 10, .completion = 5});
  run();
  (void)call([](model_order& order) {
    order.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";  // not sampled
  });
  model->succeed(1, "hidden");
  run();
  const auto made = spans->latest(10);
  REQUIRE(made.size() == 1);
  CHECK(made[0].name == "chat small");
  CHECK(made[0].kind == span_kind::client);
  CHECK(trace_id_text(made[0].context) == "0af7651916cd43dd8448eb211c80319c");
  CHECK(span_id_text(made[0].parent_span_id) == "b7ad6b7169203331");
  CHECK(made[0].end_unix_nanos - made[0].start_unix_nanos == 100'000'000);
  const auto attribute = [&](std::string_view name) -> std::optional<span_value> {
    for (const auto& [key, value] : made[0].attributes) {
      if (key == name)
        return value;
    }
    return std::nullopt;
  };
  CHECK(attribute("gen_ai.operation.name") == span_value{std::string{"chat"}});
  CHECK(attribute("gen_ai.usage.output_tokens") == span_value{std::int64_t{5}});
  CHECK(attribute("server.port") == span_value{std::int64_t{8080}});
  CHECK(attribute("gen_ai.conversation.id") == span_value{std::string{"s1"}});
  for (const auto& [key, value] : made[0].attributes) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      CHECK(*text != "hidden");
      CHECK(*text != "secret words");
    }
  }
}

TEST_CASE_METHOD(gateway_fixture, "a provider is told the trace of the span that its call makes",
                 "[actors][models]") {
  start_gateway();
  (void)call([](model_order& order) {
    order.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  });
  const auto told = parse_traceparent(model->call(0).trace);
  model->succeed(0, "yes");
  run();
  const auto made = spans->latest(1);
  REQUIRE(made.size() == 1);
  CHECK(told == made[0].context);
  CHECK(span_id_text(made[0].parent_span_id) == "b7ad6b7169203331");

  (void)call();  // begins a trace of its own
  CHECK(parse_traceparent(model->call(1).trace));
  model->succeed(1, "yes");
  run();
  CHECK(spans->latest(1)[0].parent_span_id == 0);
}

TEST_CASE_METHOD(gateway_fixture, "a trace that nobody records here goes on to the provider",
                 "[actors][models]") {
  spans = nullptr;
  start_gateway();
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  (void)call([&](model_order& order) { order.trace = trace; });
  CHECK(model->call(0).trace == trace);
  (void)call();
  CHECK(model->call(1).trace.empty());
}

TEST_CASE_METHOD(gateway_fixture, "in any order of messages each order is answered once",
                 "[actors][models]") {
  const auto seed = GENERATE(range(0U, 32U));
  CAPTURE(seed);
  start_gateway();
  std::vector<heard_ptr> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back(std::make_shared<heard_order>());
    actors::order_call(gateway, order(all.back()));
  }
  run_shuffled(seed);
  all[seed % 6]->stop.request_stop();
  model->succeed(0, "a");
  model->fail(1, {errc::unavailable, "cut"});
  all[(seed + 1) % 6]->stop.request_stop();
  run_shuffled(seed);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < model->started(); ++i)
      model->succeed(i, "b");
    advance(1s);
  }
  for (const auto& heard : all)
    CHECK(heard->ends.size() == 1);
}
