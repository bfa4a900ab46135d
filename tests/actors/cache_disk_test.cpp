#include "actors/cache_disk.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/cache.hpp"
#include "actors/paths.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_cache_level.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;
using libagent::testing::fake_cache_level;
using libagent::testing::fake_cache_storage;
using libagent::testing::pending_answer;

namespace {

class disk_fixture : public actor_fixture {
public:
  disk_fixture() {
    start_disk();
    start_cache();
  }

  ~disk_fixture() { actors::retract(system(), actors::cache_disk_path); }

  void start_disk() {
    disk = spawn<actors::cache_disk_impl>(
        actors::cache_disk_options{.open = [this]() -> expected<std::unique_ptr<cache_level>> {
          ++opened;
          if (broken)
            return error{errc::io_failed, "open the cache's file: no space"};
          return std::unique_ptr<cache_level>{std::make_unique<fake_cache_level>(storage)};
        }});
    actors::publish(system(), actors::cache_disk_path,
                    caf::actor_cast<caf::strong_actor_ptr>(disk));
  }

  void start_cache() {
    actors::cache_options options;
    options.has_disk = true;
    options.expiry.jitter = 0;
    cache = spawn<actors::cache_impl>(options);
  }

  pending_answer<cache_answer> acquire(const std::string& key) {
    return begin_ask<cache_answer>(cache, actors::acquire_atom_v,
                                   cache_ask{.name = {.key = key}, .limit = 10s});
  }

  cache_answer acquired(const std::string& key) {
    const auto asked = acquire(key);
    run();
    REQUIRE(asked.arrived());
    REQUIRE(asked.get());
    return *asked.get();
  }

  void put(const std::string& key, const std::string& value) {
    ask<void>(cache, actors::cache_put_atom_v, cache_name{.key = key},
              cache_fill{.value = shared_text{value}, .ttl = 1min});
    run();
  }

  std::shared_ptr<fake_cache_storage> storage = std::make_shared<fake_cache_storage>();
  int opened = 0;
  bool broken = false;
  actors::cache_disk_actor disk;
  actors::cache_actor cache;
};

}  // namespace

TEST_CASE_METHOD(disk_fixture, "what was stored is served after a restart of the cache",
                 "[actors][cache]") {
  put("q", "answer");
  start_cache();
  const auto found = acquired("q");
  CHECK(found.verdict == cache_verdict::hit);
  CHECK(found.outcome == cache_outcome::disk_hit);
  CHECK(found.value.str() == "answer");
  CHECK(acquired("q").outcome == cache_outcome::hit);
}

TEST_CASE_METHOD(disk_fixture, "what neither level has must be computed", "[actors][cache]") {
  const auto asked = acquired("q");
  CHECK(asked.verdict == cache_verdict::compute);
  CHECK(asked.outcome == cache_outcome::miss);
  CHECK(asked.token != 0);
}

TEST_CASE_METHOD(disk_fixture, "askers during a look at the disk share its answer",
                 "[actors][cache]") {
  put("q", "answer");
  start_cache();
  const auto first = acquire("q");
  const auto second = acquire("q");
  run();
  CHECK(first.get()->value.str() == "answer");
  CHECK(second.get()->value.str() == "answer");
  CHECK(ask<cache_stats>(cache, actors::status_atom_v).disk_hits == 1);
}

TEST_CASE_METHOD(disk_fixture, "erasing a name erases it from both levels", "[actors][cache]") {
  put("q", "answer");
  CHECK(ask<bool>(cache, actors::erase_atom_v, cache_name{.key = "q"}));
  run();
  CHECK(storage->entries.empty());
}

TEST_CASE_METHOD(disk_fixture, "a level that fails is a miss, not an error", "[actors][cache]") {
  put("q", "answer");
  storage->failure = error{errc::io_failed, "read the cache's file: input/output error"};
  start_cache();
  CHECK(acquired("q").verdict == cache_verdict::compute);
}

TEST_CASE_METHOD(disk_fixture, "a level that cannot be opened is tried again later",
                 "[actors][cache]") {
  broken = true;
  start_disk();
  CHECK(acquired("q").verdict == cache_verdict::compute);
  CHECK(acquired("r").verdict == cache_verdict::compute);
  CHECK(opened == 1);
  broken = false;
  advance(11s);
  put("s", "answer");
  CHECK(opened == 2);
  CHECK(storage->entries.size() == 1);
}

TEST_CASE_METHOD(disk_fixture, "a cache without its disk actor computes", "[actors][cache]") {
  actors::retract(system(), actors::cache_disk_path);
  CHECK(acquired("q").verdict == cache_verdict::compute);
}

TEST_CASE_METHOD(disk_fixture, "a value past its time on the disk is not served as fresh",
                 "[actors][cache]") {
  put("q", "answer");
  start_cache();
  advance(2min);
  CHECK(acquired("q").verdict == cache_verdict::compute);
}
