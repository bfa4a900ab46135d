#include "actors/memory_monitor.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/cache.hpp"
#include "libagent/telemetry/memory_events.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_memory_probe.hpp"

#include <caf/actor_cast.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using enum libagent::pressure_level;
using libagent::testing::actor_fixture;
using libagent::testing::fake_memory_probe;

namespace {

constexpr auto entry_bytes = cache_store::entry_overhead_bytes + 10;

class memory_fixture : public actor_fixture {
public:
  std::shared_ptr<fake_memory_probe> probe = std::make_shared<fake_memory_probe>();
  std::vector<pressure_level> heard;
  int releases = 0;

  ~memory_fixture() {
    for (const auto* path : {"listener", "cache"})
      actors::retract(system(), path);
  }

  actors::memory_monitor_actor start_monitor() {
    actors::memory_monitor_options options;
    options.budget_bytes = 1'000;
    options.subscribers = {"absent", "listener", "cache"};
    options.release_free_memory = [this] { ++releases; };
    auto monitor = spawn<actors::memory_monitor_impl>(probe, options);
    run();
    return monitor;
  }

  caf::actor start_listener() {
    auto listener = spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](actors::pressure_atom, pressure_level level) { heard.push_back(level); }};
    });
    actors::publish(system(), "listener", caf::actor_cast<caf::strong_actor_ptr>(listener));
    return listener;
  }

  actors::cache_actor start_cache() {
    actors::cache_options options;
    options.store.capacity_bytes = 100 * entry_bytes;
    options.expiry.jitter = 0;
    auto cache = spawn<actors::cache_impl>(options);
    actors::publish(system(), "cache", caf::actor_cast<caf::strong_actor_ptr>(cache));
    return cache;
  }

  memory_status status_of(const actors::memory_monitor_actor& monitor) {
    return ask<memory_status>(monitor, actors::status_atom_v);
  }

  cache_stats stats_of(const actors::cache_actor& cache) {
    return ask<cache_stats>(cache, actors::status_atom_v);
  }
};

}  // namespace

TEST_CASE_METHOD(memory_fixture, "the memory monitor samples every 100 ms", "[actors][memory]") {
  const auto monitor = start_monitor();
  CHECK(status_of(monitor).samples == 1);
  advance(100ms - 1ns);
  CHECK(status_of(monitor).samples == 1);
  advance(1ns);
  CHECK(status_of(monitor).samples == 2);
  advance(10s);
  CHECK(status_of(monitor).samples == 102);
}

TEST_CASE_METHOD(memory_fixture, "the status tells the present use and the peak",
                 "[actors][memory]") {
  const auto monitor = start_monitor();
  probe->used_bytes = 500;
  advance(100ms);
  probe->used_bytes = 300;
  advance(100ms);
  const auto status = status_of(monitor);
  CHECK(status.used_bytes == 300);
  CHECK(status.peak_bytes == 500);
  CHECK(status.budget_bytes == 1'000);
  CHECK(status.available_bytes == 9'000'000);
}

TEST_CASE_METHOD(memory_fixture, "subscribers hear each change of level once", "[actors][memory]") {
  start_listener();
  const auto monitor = start_monitor();
  CHECK(heard == std::vector{normal});  // the listener is new to the monitor
  probe->used_bytes = 850;
  advance(3s);
  CHECK(heard == std::vector{normal, elevated, high});
  probe->used_bytes = 100;
  advance(30s);
  CHECK(heard == std::vector{normal, elevated, high, elevated, normal});
  CHECK(status_of(monitor).level == normal);
}

TEST_CASE_METHOD(memory_fixture, "a subscriber that was restarted is told the present level",
                 "[actors][memory]") {
  const auto listener = start_listener();
  probe->used_bytes = 690;
  const auto monitor = start_monitor();
  probe->used_bytes = 720;
  advance(5s);
  caf::anon_send_exit(listener, caf::exit_reason::kill);
  actors::retract(system(), "listener");
  advance(1s);
  heard.clear();
  start_listener();
  advance(100ms);
  CHECK(heard == std::vector{elevated});
}

TEST_CASE_METHOD(memory_fixture, "a probe that fails leaves the level and is reported once",
                 "[actors][memory]") {
  probe->used_bytes = 690;
  const auto monitor = start_monitor();
  probe->used_bytes = 720;
  advance(1s);
  probe->is_broken = true;
  advance(30s);
  CHECK(status_of(monitor).level == elevated);
  CHECK(this->events().events(libagent::events::memory_probe_failed).size() == 1);
  probe->is_broken = false;
  probe->used_bytes = 100;
  advance(10s);
  CHECK(status_of(monitor).level == normal);
}

TEST_CASE_METHOD(memory_fixture, "changes of level are reported with what was seen",
                 "[actors][memory]") {
  probe->used_bytes = 690;
  const auto monitor = start_monitor();
  probe->used_bytes = 720;
  advance(2s);
  const auto reported = this->events().events(libagent::events::memory_level_changed);
  REQUIRE(reported.size() == 1);
  CHECK(reported[0].fields.at("was") == "normal");
  CHECK(reported[0].fields.at("level") == "elevated");
  CHECK(reported[0].fields.at("used_bytes") == "720");
}

TEST_CASE_METHOD(memory_fixture,
                 "freed memory is given back while pressure is high and as it falls",
                 "[actors][memory]") {
  probe->used_bytes = 690;
  const auto monitor = start_monitor();
  probe->used_bytes = 720;
  advance(10s);
  CHECK(releases == 0);
  probe->used_bytes = 780;
  advance(2s + 100ms);
  CHECK(releases == 1);
  probe->used_bytes = 100;
  advance(30s);
  CHECK(status_of(monitor).level == normal);
  CHECK(releases >= 3);
}

TEST_CASE_METHOD(memory_fixture, "the cache shrinks when the monitor sees pressure, and grows back",
                 "[actors][memory]") {
  const auto cache = start_cache();
  const auto monitor = start_monitor();
  for (int i = 0; i < 100; ++i)
    ask<void>(cache, actors::cache_put_atom_v, cache_name{.key = "key" + std::to_string(1'000 + i)},
              cache_fill{.value = shared_text{"val"}, .ttl = 1h});
  REQUIRE(stats_of(cache).entries == 100);
  probe->used_bytes = 950;
  advance(100ms);
  CHECK(stats_of(cache).entries == 100);  // elevated: no growth
  advance(700ms);
  CHECK(stats_of(cache).entries < 100);  // high: shrinking
  CHECK(stats_of(cache).entries > 50);
  advance(500ms);
  CHECK(stats_of(cache).entries == 5);  // critical: the floor
  probe->used_bytes = 100;
  advance(3min);
  CHECK(stats_of(cache).capacity_bytes == 100 * entry_bytes);
}

TEST_CASE_METHOD(memory_fixture,
                 "a cache that restarts under pressure is small from the next sample",
                 "[actors][memory]") {
  auto cache = start_cache();
  const auto monitor = start_monitor();
  probe->used_bytes = 950;
  advance(2s);
  REQUIRE(stats_of(cache).capacity_bytes == 5 * entry_bytes);
  caf::anon_send_exit(cache, caf::exit_reason::kill);
  cache = start_cache();
  REQUIRE(stats_of(cache).capacity_bytes == 100 * entry_bytes);
  advance(100ms);
  CHECK(stats_of(cache).capacity_bytes == 5 * entry_bytes);
}

TEST_CASE_METHOD(memory_fixture, "samples are filed under the phase that the work is in",
                 "[actors][memory]") {
  const auto monitor = start_monitor();
  probe->used_bytes = 100;
  caf::anon_send(monitor, actors::phase_atom_v, std::string{"load"});
  advance(300ms);
  caf::anon_send(monitor, actors::phase_atom_v, std::string{"inference"});
  probe->used_bytes = 400;
  advance(200ms);
  const auto phases = status_of(monitor).phases;
  REQUIRE(phases.size() == 2);
  CHECK(phases[0].name == "load");
  CHECK(phases[0].peak_bytes == 100);
  CHECK(phases[1].name == "inference");
  CHECK(phases[1].samples == 2);
  CHECK(phases[1].mean_bytes == 400);
}

TEST_CASE_METHOD(memory_fixture, "memory that ran out in a tool makes the level critical at once",
                 "[actors][memory]") {
  start_listener();
  const auto monitor = start_monitor();
  caf::anon_send(monitor, actors::allocation_failed_atom_v);
  run();
  CHECK(heard.back() == critical);
  CHECK(status_of(monitor).cause == pressure_cause::allocation_failure);
  CHECK(status_of(monitor).actions.allocation_failures == 1);
}

TEST_CASE_METHOD(memory_fixture, "the ledger hears of every sample", "[actors][memory]") {
  actors::memory_monitor_options options{.budget_bytes = 1'000};
  options.ledger = std::make_shared<memory_ledger>(1'000, 1.0);
  probe->used_bytes = 600;
  const auto monitor = spawn<actors::memory_monitor_impl>(probe, options);
  run();
  CHECK(options.ledger->headroom() == 400);
  const auto grant = options.ledger->try_reserve(300);
  CHECK(status_of(monitor).reserved_bytes == 300);
  probe->used_bytes = 950;
  advance(100ms);
  CHECK(options.ledger->headroom() == 50);
}

TEST_CASE_METHOD(memory_fixture, "the reserve gets its pages when memory gets short, and goes last",
                 "[actors][memory]") {
  std::vector<std::string> done;
  actors::memory_monitor_options options{.budget_bytes = 1'000};
  options.release_reserve = [&done] {
    done.emplace_back("release");
    return true;
  };
  options.keep_reserve = [&done](bool resident) { done.emplace_back(resident ? "pages" : "map"); };
  const auto monitor = spawn<actors::memory_monitor_impl>(probe, options);
  run();
  CHECK(done.empty());
  probe->used_bytes = 750;
  advance(1s);
  CHECK(done == std::vector<std::string>{"pages"});
  probe->used_bytes = 990;
  advance(3s);
  CHECK(status_of(monitor).level == emergency);
  CHECK(done.back() == "release");
  probe->used_bytes = 100;
  advance(60s);
  CHECK(done.back() == "map");
}
