#include "actors/span_exporter.hpp"

#include "actors/bridge/spawning.hpp"
#include "libagent/telemetry/span_events.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_web_client.hpp"

#include <caf/telemetry/collector/prometheus.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;
using libagent::testing::fake_web_client;

namespace {

class export_fixture : public actor_fixture {
public:
  std::shared_ptr<fake_web_client> web = std::make_shared<fake_web_client>();
  std::shared_ptr<span_ring> ring = std::make_shared<span_ring>(8);
  actors::span_exporter_actor exporter;

  void start_exporter() {
    exporter = spawn<actors::span_exporter_impl>(
        actors::span_exporter_options{.ring = ring,
                                      .client = web,
                                      .url = "http://collector:4318/v1/traces",
                                      .headers = {{"Authorization", "Bearer secret"}},
                                      .resource = {{"service.name", std::string{"test"}}},
                                      .version = "1",
                                      .batch_max = 3,
                                      .retry = {.attempts_max = 3, .base = 1s, .cap = 4s},
                                      .unix_time = [] { return unix_millis{0}; },
                                      .seed = 1});
    run();
  }

  void end_spans(int from, int to) {
    for (int number = from; number <= to; ++number) {
      span ended;
      ended.name = std::to_string(number);
      ring->emit(std::move(ended));
    }
  }

  /// Names of the spans in a request, in their order.
  [[nodiscard]] std::string sent(std::size_t at) const {
    const auto body = nlohmann::json::parse(web->call(at).body);
    std::string names;
    for (const auto& each : body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans"))
      names += each.at("name").get<std::string>();
    return names;
  }

  /// Answers and lets the exporter see it.
  void answer(std::size_t at, int status, const std::string& body = {},
              const http_headers& headers = {}) {
    web->answer(at, status, body, headers);
    run();
  }

  [[nodiscard]] std::string metrics() {
    caf::telemetry::collector::prometheus collector;
    const auto text = collector.collect_from(system().metrics());
    return {text.begin(), text.end()};
  }

  [[nodiscard]] bool shows(const std::string& line) {
    return metrics().find("\n" + line + " ") != std::string::npos;
  }
};

}  // namespace

TEST_CASE_METHOD(export_fixture, "spans are sent at the interval, a batch at a time", "[spans]") {
  start_exporter();
  end_spans(1, 5);
  advance(999ms);
  CHECK(web->started() == 0);
  advance(1ms);
  REQUIRE(web->started() == 1);
  const auto& first = web->call(0);
  CHECK(first.method == "POST");
  CHECK(first.url == "http://collector:4318/v1/traces");
  CHECK(first.headers.find("Content-Type") == "application/json");
  CHECK(first.headers.find("Authorization") == "Bearer secret");
  CHECK(first.timeout == 10s);
  CHECK(sent(0) == "123");
  advance(3s);
  CHECK(web->started() == 1);  // one request at a time
  answer(0, 200, "{}");
  REQUIRE(web->started() == 2);
  CHECK(sent(1) == "45");
  answer(1, 200, "{}");
  advance(5s);
  CHECK(web->started() == 2);
  CHECK(shows("agent_spans_exported_total 5"));
  CHECK(shows("agent_spans_requests_total 2"));
  CHECK(events().events(events::span_export_failed).empty());
}

TEST_CASE_METHOD(export_fixture,
                 "a batch that cannot be taken now is sent again, with a wait that "
                 "the collector chooses",
                 "[spans]") {
  start_exporter();
  end_spans(1, 2);
  advance(1s);
  REQUIRE(web->started() == 1);
  answer(0, 503, {}, {{"Retry-After", "7"}});
  advance(7s - 1ms);
  CHECK(web->started() == 1);
  advance(1ms);
  REQUIRE(web->started() == 2);
  CHECK(sent(1) == "12");
  answer(1, 200);
  CHECK(shows("agent_spans_exported_total 2"));
  CHECK(shows("agent_spans_retries_total 1"));
  CHECK(events().events(events::span_export_failed).size() == 1);
  REQUIRE(events().events(events::span_export_resumed).size() == 1);
  CHECK(events().events(events::span_export_resumed)[0].fields["dropped"] == "0");
}

TEST_CASE_METHOD(export_fixture, "a wait that a collector asks for has a bound", "[spans]") {
  start_exporter();
  end_spans(1, 1);
  advance(1s);
  answer(0, 429, {}, {{"Retry-After", "86400"}});
  advance(5min - 1ms);
  CHECK(web->started() == 1);
  advance(1ms);
  CHECK(web->started() == 2);
}

TEST_CASE_METHOD(export_fixture, "after its attempts a batch is dropped, counted and said once",
                 "[spans]") {
  start_exporter();
  end_spans(1, 3);
  for (std::size_t attempt = 0; attempt < 3; ++attempt) {
    advance(5s);  // beyond the longest random wait
    REQUIRE(web->started() == attempt + 1);
    CHECK(sent(attempt) == "123");
    web->fail(attempt, {errc::unavailable, "reach collector: no connection"});
    run();
  }
  advance(10s);
  CHECK(web->started() == 3);
  CHECK(shows(R"(agent_spans_dropped_total{reason="undelivered"} 3)"));
  end_spans(4, 4);
  advance(1s);
  REQUIRE(web->started() == 4);
  CHECK(sent(3) == "4");
  answer(3, 200);
  REQUIRE(events().events(events::span_export_failed).size() == 1);
  REQUIRE(events().events(events::span_export_resumed).size() == 1);
  CHECK(events().events(events::span_export_resumed)[0].fields["dropped"] == "3");
}

TEST_CASE_METHOD(export_fixture, "a batch that is refused is dropped at once and the next one sent",
                 "[spans]") {
  start_exporter();
  end_spans(1, 4);
  advance(1s);
  answer(0, 400);
  REQUIRE(web->started() == 2);
  CHECK(sent(1) == "4");
  answer(1, 200, R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}})");
  CHECK(shows(R"(agent_spans_dropped_total{reason="refused"} 4)"));
  CHECK(shows("agent_spans_exported_total 0"));
}

TEST_CASE_METHOD(export_fixture, "what the ring drops while nobody takes anything is counted",
                 "[spans]") {
  start_exporter();
  end_spans(1, 3);
  advance(1s);
  REQUIRE(web->started() == 1);  // and is not answered
  end_spans(4, 15);              // twelve into a ring of eight
  advance(2s);
  CHECK(shows(R"(agent_spans_dropped_total{reason="overflow"} 4)"));
  answer(0, 200);
  CHECK(sent(1) == "8910");
}

TEST_CASE_METHOD(export_fixture, "a drain sends at once and is answered when all has arrived",
                 "[spans]") {
  start_exporter();
  CHECK(ask_expected<void>(exporter, actors::drain_atom_v));  // nothing to do
  end_spans(1, 4);
  const auto drained = begin_ask<void>(exporter, actors::drain_atom_v);
  run();
  REQUIRE(web->started() == 1);
  answer(0, 200);
  CHECK_FALSE(drained.arrived());
  answer(1, 200);
  REQUIRE(drained.arrived());
  CHECK(drained.get());
}

TEST_CASE_METHOD(export_fixture, "a drain says when a request failed, and does not wait for more",
                 "[spans]") {
  start_exporter();
  end_spans(1, 1);
  advance(1s);
  answer(0, 503, {}, {{"Retry-After", "60"}});
  const auto drained = begin_ask<void>(exporter, actors::drain_atom_v);
  run();
  REQUIRE(web->started() == 2);  // the wait does not count for somebody who asks
  answer(1, 503, {}, {{"Retry-After", "60"}});
  REQUIRE(drained.arrived());
  REQUIRE_FALSE(drained.get());
  CHECK(drained.get().error().code == errc::unavailable);
  advance(60s);
  REQUIRE(web->started() == 3);
  answer(2, 200);
  CHECK(shows("agent_spans_exported_total 1"));
}

TEST_CASE_METHOD(export_fixture, "told to end, it sends what is left first", "[spans]") {
  start_exporter();
  end_spans(1, 4);
  actors::urgent_exit(exporter, caf::exit_reason::user_shutdown);
  run();
  REQUIRE(web->started() == 1);
  CHECK(is_alive(exporter));
  answer(0, 200);
  answer(1, 200);
  CHECK_FALSE(is_alive(exporter));
  CHECK(shows("agent_spans_exported_total 4"));
}

TEST_CASE_METHOD(export_fixture, "with nothing left it ends at once", "[spans]") {
  start_exporter();
  actors::urgent_exit(exporter, caf::exit_reason::user_shutdown);
  run();
  CHECK_FALSE(is_alive(exporter));
}

TEST_CASE_METHOD(export_fixture,
                 "its end waits neither for a collector that is away nor for one "
                 "that says nothing",
                 "[spans]") {
  start_exporter();
  end_spans(1, 4);
  actors::urgent_exit(exporter, caf::exit_reason::user_shutdown);
  run();
  REQUIRE(web->started() == 1);
  SECTION("away") {
    web->fail(0, {errc::unavailable, "no connection"});
    run();
  }
  SECTION("silent") {
    advance(2s - 1ms);
    CHECK(is_alive(exporter));
    advance(1ms);
    CHECK(web->has_ended(0));  // it was stopped
  }
  CHECK_FALSE(is_alive(exporter));
  CHECK(web->started() == 1);
  CHECK(shows(R"(agent_spans_dropped_total{reason="undelivered"} 4)"));
}

TEST_CASE_METHOD(export_fixture, "an answer that comes after its end harms nobody", "[spans]") {
  start_exporter();
  end_spans(1, 1);
  advance(1s);
  REQUIRE(web->started() == 1);
  const auto late = web->call(0).on_end;
  actors::urgent_exit(exporter, caf::exit_reason::kill);
  run();
  CHECK_FALSE(is_alive(exporter));
  late({});
  run();
}

TEST_CASE_METHOD(export_fixture, "in any order of messages each span is sent once or counted",
                 "[spans]") {
  const auto seed = GENERATE(range(0U, 32U));
  CAPTURE(seed);
  start_exporter();
  seeded_random random{seed};
  int ended = 0;
  std::size_t answered = 0;
  for (int step = 0; step < 40; ++step) {
    if (random() % 2 == 0 && ended < 400) {
      end_spans(ended + 1, ended + 3);
      ended += 3;
    }
    if (answered < web->started() && random() % 2 == 0)
      web->answer(answered++, random() % 4 == 0 ? 503 : 200);
    run_shuffled(seed);
    advance(std::chrono::milliseconds{random() % 900});
  }
  actors::urgent_exit(exporter, caf::exit_reason::user_shutdown);
  run_shuffled(seed);
  while (answered < web->started()) {
    if (web->has_ended(answered)) {
      ++answered;
      continue;
    }
    web->answer(answered++, 200);
    run_shuffled(seed);
  }
  CHECK_FALSE(is_alive(exporter));
  auto& registry = system().metrics();
  const auto dropped = [&](caf::string_view reason) {
    return registry.counter_instance("agent_spans", "dropped", {{"reason", reason}}, "", "1", true)
        ->value();
  };
  const auto exported =
      registry.counter_singleton("agent_spans", "exported", "", "1", true)->value();
  CHECK(exported + dropped("overflow") + dropped("refused") + dropped("undelivered") == ended);
}
