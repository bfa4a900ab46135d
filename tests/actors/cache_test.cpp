#include "actors/cache.hpp"

#include "tests/support/actor_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using actors::cache_impl;
using actors::cache_options;
using libagent::testing::actor_fixture;
using libagent::testing::pending_answer;

namespace {

constexpr auto entry_bytes = cache_store::entry_overhead_bytes + 10;

cache_options exact_cache() {
  cache_options options;
  options.store.capacity_bytes = 1ULL << 20U;
  options.store.early_refresh_beta = 0;
  options.policy.name = "lru";
  options.expiry.jitter = 0;
  options.expiry.stale_for = 0s;
  options.expiry.error_for = 0s;
  return options;
}

class cache_fixture : public actor_fixture {
public:
  using answer = pending_answer<cache_answer>;

  actors::cache_actor cache = start(exact_cache());

  actors::cache_actor start(cache_options options) { return spawn<cache_impl>(std::move(options)); }

  answer acquire(std::string key, std::chrono::milliseconds limit = 10s) {
    return begin_ask<cache_answer>(cache, actors::acquire_atom_v,
                                   cache_ask{.name = {.key = std::move(key)}, .limit = limit});
  }

  std::uint64_t lead(std::string key, std::chrono::milliseconds limit = 10s) {
    const auto seat = ask<cache_answer>(cache, actors::acquire_atom_v,
                                        cache_ask{.name = {.key = std::move(key)}, .limit = limit});
    REQUIRE(seat.verdict == cache_verdict::compute);
    return seat.token;
  }

  expected<void> fulfil(std::string key, std::uint64_t token, std::string value,
                        std::chrono::milliseconds ttl = 1min) {
    return ask_expected<void>(cache, actors::fulfil_atom_v, cache_name{.key = std::move(key)},
                              token, fill_of(std::move(value), ttl));
  }

  expected<cache_regret> abandon(std::string key, std::uint64_t token,
                                 errc code = errc::tool_failed) {
    return ask_expected<cache_regret>(cache, actors::abandon_atom_v,
                                      cache_name{.key = std::move(key)}, token,
                                      error{code, "the model said no"});
  }

  expected<void> put(std::string key, std::string value, std::chrono::milliseconds ttl = 1min) {
    return ask_expected<void>(cache, actors::cache_put_atom_v, cache_name{.key = std::move(key)},
                              fill_of(std::move(value), ttl));
  }

  expected<std::string> get(std::string key, std::string tenant = {}) {
    auto found = ask_expected<shared_text>(cache, actors::cache_get_atom_v,
                                           cache_name{std::move(tenant), std::move(key)});
    if (!found)
      return found.error();
    return found->str();
  }

  static cache_fill fill_of(std::string value, std::chrono::milliseconds ttl) {
    return {.value = shared_text{std::move(value)}, .ttl = ttl};
  }

  cache_stats stats() { return ask<cache_stats>(cache, actors::status_atom_v); }

  void press(pressure_level level) { ask<void>(cache, actors::pressure_atom_v, level); }

  /// Entries of `entry_bytes` each.
  void fill(int entries) {
    for (int i = 0; i < entries; ++i)
      REQUIRE(put("key" + std::to_string(1'000 + i), "val"));
  }
};

bool is_hit(const pending_answer<cache_answer>& asked, const std::string& value) {
  const auto answer = asked.get();
  return answer && answer->verdict == cache_verdict::hit && answer->value.str() == value;
}

bool must_compute(const pending_answer<cache_answer>& asked) {
  return asked.arrived() && asked.get() && asked.get()->verdict == cache_verdict::compute;
}

}  // namespace

TEST_CASE_METHOD(cache_fixture, "what was computed once is a hit afterwards", "[actors][cache]") {
  const auto token = lead("q");
  REQUIRE(fulfil("q", token, "answer"));
  const auto again = acquire("q");
  run();
  CHECK(is_hit(again, "answer"));
  CHECK(stats().hits == 1);
  CHECK(stats().misses == 1);
}

TEST_CASE_METHOD(cache_fixture, "a thousand askers of one absent key cause one computation",
                 "[actors][cache]") {
  const auto seed = GENERATE(range(0U, 4U));
  CAPTURE(seed);
  std::vector<answer> asked;
  for (int i = 0; i < 1'000; ++i)
    asked.push_back(acquire("q"));
  run_shuffled(seed);
  const auto leaders = std::ranges::count_if(asked, must_compute);
  REQUIRE(leaders == 1);
  const auto leader = std::ranges::find_if(asked, must_compute);
  REQUIRE(fulfil("q", leader->get()->token, "answer"));
  asked.erase(leader);
  CHECK(std::ranges::all_of(asked, [](const auto& one) { return is_hit(one, "answer"); }));
  CHECK(stats().misses == 1);
  CHECK(stats().shared_flights == 999);
}

TEST_CASE_METHOD(cache_fixture, "a failing leader wakes one waiter, not all", "[actors][cache]") {
  const auto token = lead("q");
  const auto first = acquire("q");
  run();
  const auto second = acquire("q");
  run();
  REQUIRE(abandon("q", token));
  REQUIRE(must_compute(first));
  CHECK_FALSE(second.arrived());
  REQUIRE(fulfil("q", first.get()->token, "answer"));
  CHECK(is_hit(second, "answer"));
}

TEST_CASE_METHOD(cache_fixture, "after three failures in a row the waiters get the error",
                 "[actors][cache]") {
  std::vector<answer> asked;
  for (int i = 0; i < 5; ++i) {
    asked.push_back(acquire("q"));
    run();
  }
  for (std::size_t i = 0; i < 3; ++i)
    REQUIRE(abandon("q", asked[i].get()->token));
  for (const auto& one : {asked[3], asked[4]})
    CHECK(one.get().error() == error{errc::tool_failed, "the model said no"});
}

TEST_CASE_METHOD(cache_fixture, "a leader that dies silently is replaced when its time is up",
                 "[actors][cache]") {
  const auto token = lead("q", 1s);
  const auto waiter = acquire("q", 1min);
  advance(1s - 1ms);
  CHECK_FALSE(waiter.arrived());
  advance(51ms);
  REQUIRE(must_compute(waiter));
  const auto late = fulfil("q", token, "too late");
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::not_found);
  REQUIRE(fulfil("q", waiter.get()->token, "answer"));
  CHECK(get("q").value() == "answer");
}

TEST_CASE_METHOD(cache_fixture, "an asker waits no longer than it said, but for one tick",
                 "[actors][cache]") {
  const auto token = lead("q", 1min);
  const auto hasty = acquire("q", 200ms);
  const auto patient = acquire("q", 1min);
  advance(199ms);
  CHECK_FALSE(hasty.arrived());
  advance(51ms);
  REQUIRE(hasty.arrived());
  CHECK(hasty.get().error().code == errc::deadline_exceeded);
  CHECK_FALSE(patient.arrived());
  REQUIRE(fulfil("q", token, "answer"));
  CHECK(is_hit(patient, "answer"));
}

TEST_CASE_METHOD(cache_fixture, "a value is served until its time to live is over",
                 "[actors][cache]") {
  REQUIRE(put("k", "v", 10s));
  advance(10s - 1ms);
  CHECK(get("k").value() == "v");
  advance(1ms);
  CHECK(get("k").error().code == errc::not_found);
}

TEST_CASE_METHOD(cache_fixture, "a value without a time to live gets the default",
                 "[actors][cache]") {
  REQUIRE(put("k", "v", 0s));
  advance(10min - 1ms);
  CHECK(get("k").has_value());
  advance(1ms);
  CHECK_FALSE(get("k").has_value());
}

TEST_CASE_METHOD(cache_fixture, "what is too old leaves memory without being asked for",
                 "[actors][cache]") {
  fill(600);
  advance(1min + 100ms);
  CHECK(stats().entries == 0);
  CHECK(stats().expirations == 600);
}

TEST_CASE_METHOD(cache_fixture, "erasing a key revokes the computation of it", "[actors][cache]") {
  const auto token = lead("q");
  const auto waiter = acquire("q");
  run();
  CHECK_FALSE(ask<bool>(cache, actors::erase_atom_v, cache_name{.key = "q"}));
  CHECK(must_compute(waiter));
  CHECK(fulfil("q", token, "of before the erase").error().code == errc::not_found);
  CHECK_FALSE(get("q").has_value());
}

TEST_CASE_METHOD(cache_fixture, "a put answers those who wait for the key", "[actors][cache]") {
  const auto token = lead("q");
  const auto waiter = acquire("q");
  REQUIRE(put("q", "put"));
  CHECK(is_hit(waiter, "put"));
  CHECK(fulfil("q", token, "computed").error().code == errc::not_found);
  CHECK(get("q").value() == "put");
}

TEST_CASE_METHOD(cache_fixture, "a value too large to keep still reaches those who wait",
                 "[actors][cache]") {
  const auto token = lead("q");
  const auto waiter = acquire("q");
  const std::string large(2U << 20U, 'x');
  REQUIRE(fulfil("q", token, large));
  CHECK(is_hit(waiter, large));
  CHECK(stats().rejections == 1);
  CHECK(put("q", large).error().code == errc::too_large);
}

TEST_CASE_METHOD(cache_fixture, "a key over the limit is refused with both sizes",
                 "[actors][cache]") {
  const auto asked = acquire(std::string(20'000, 'k'));
  run();
  CHECK(asked.get().error() ==
        error{errc::too_large, "acquire: a key of 20000 bytes, at most 16384"});
}

TEST_CASE_METHOD(cache_fixture, "askers over the limit are refused at once", "[actors][cache]") {
  auto options = exact_cache();
  options.waiters_max = 1;
  cache = start(options);
  lead("q");
  const auto first = acquire("q");
  run();
  const auto second = acquire("q");
  run();
  CHECK_FALSE(first.arrived());
  CHECK(second.get().error().code == errc::overloaded);
}

TEST_CASE_METHOD(cache_fixture, "a cache of size zero keeps nothing but shares computations",
                 "[actors][cache]") {
  ask<void>(cache, actors::resize_atom_v, std::uint64_t{0});
  const auto token = lead("q");
  const auto waiter = acquire("q");
  REQUIRE(fulfil("q", token, "answer"));
  CHECK(is_hit(waiter, "answer"));
  CHECK(put("k", "v").has_value());
  CHECK(stats().entries == 0);
}

TEST_CASE_METHOD(cache_fixture, "a restarted cache refuses the tokens of its predecessor",
                 "[actors][cache]") {
  const auto token = lead("q");
  cache = start(exact_cache());
  lead("q");
  CHECK(fulfil("q", token, "stale").error().code == errc::not_found);
}

TEST_CASE_METHOD(cache_fixture, "who waits for a cache that dies hears of it", "[actors][cache]") {
  lead("q");
  const auto waiter = acquire("q");
  run();
  caf::anon_send_exit(cache, caf::exit_reason::kill);
  run();
  CHECK(waiter.get().error().code == errc::unavailable);
}

TEST_CASE_METHOD(cache_fixture, "a shrink lets waiting messages go between its slices",
                 "[actors][cache]") {
  fill(1'000);
  // Both are in the mailbox before the first slice: the status is answered after one slice of
  // 128, not after all evictions.
  const auto shrunk = begin_ask<void>(cache, actors::resize_atom_v, std::uint64_t{entry_bytes});
  const auto seen = begin_ask<cache_stats>(cache, actors::status_atom_v);
  run();
  REQUIRE(shrunk.arrived());
  CHECK(seen.get()->entries == 1'000 - 128);
  CHECK(stats().entries == 1);
}

TEST_CASE_METHOD(cache_fixture, "pressure shrinks the cache as its level says", "[actors][cache]") {
  auto options = exact_cache();
  options.store.capacity_bytes = 1'000 * entry_bytes;
  cache = start(options);
  fill(500);
  press(pressure_level::elevated);
  CHECK(stats().capacity_bytes == 500 * entry_bytes);
  press(pressure_level::high);
  advance(100ms);
  CHECK(stats().entries == 450);
  press(pressure_level::critical);
  CHECK(stats().entries == 50);
  press(pressure_level::normal);
  advance(9s);
  CHECK(stats().capacity_bytes == 50 * entry_bytes);
  advance(2min);
  CHECK(stats().capacity_bytes == 1'000 * entry_bytes);
}

TEST_CASE_METHOD(cache_fixture, "a tenant does not see the values of another", "[actors][cache]") {
  REQUIRE(put("k", "v"));
  CHECK(get("k").value() == "v");
  CHECK(get("k", "somebody").error().code == errc::not_found);
}

TEST_CASE_METHOD(cache_fixture, "a batch of gets answers in the order asked", "[actors][cache]") {
  REQUIRE(put("a", "1"));
  REQUIRE(put("c", "3"));
  const std::vector<cache_name> names{{.key = "a"}, {.key = "b"}, {.key = "c"}};
  const auto values = ask<std::vector<shared_text>>(cache, actors::cache_get_atom_v, names);
  REQUIRE(values.size() == 3);
  CHECK(values[0].str() == "1");
  CHECK_FALSE(values[1].has_value());
  CHECK(values[2].str() == "3");
}

TEST_CASE_METHOD(cache_fixture, "a batch over the limit is refused with both sizes",
                 "[actors][cache]") {
  const auto refused = ask_expected<std::vector<shared_text>>(cache, actors::cache_get_atom_v,
                                                              std::vector<cache_name>(5'000));
  CHECK(refused.error() == error{errc::too_large, "get: 5000 names at once, at most 4096"});
}

TEST_CASE_METHOD(cache_fixture, "a stale value is served while one asker computes a newer one",
                 "[actors][cache]") {
  auto options = exact_cache();
  options.expiry.stale_for = 30s;
  cache = start(options);
  REQUIRE(put("q", "old", 10s));
  advance(11s);
  const auto first = acquire("q");
  const auto second = acquire("q");
  run();
  CHECK(is_hit(first, "old"));
  CHECK(first.get()->outcome == cache_outcome::stale);
  CHECK(first.get()->age >= 11s);
  CHECK(is_hit(second, "old"));
  CHECK(second.get()->token == 0);
  REQUIRE(fulfil("q", first.get()->token, "new"));
  const auto third = acquire("q");
  run();
  CHECK(is_hit(third, "new"));
  CHECK(third.get()->outcome == cache_outcome::hit);
}

TEST_CASE_METHOD(cache_fixture, "a value past its time stands in for a computation that failed",
                 "[actors][cache]") {
  auto options = exact_cache();
  options.expiry.error_for = 1min;
  cache = start(options);
  REQUIRE(put("q", "old", 10s));
  advance(11s);
  const auto token = lead("q");
  const auto waiter = acquire("q");
  run();
  const auto regret = abandon("q", token);
  REQUIRE(regret);
  REQUIRE(regret->stale);
  CHECK(regret->stale->str() == "old");
  CHECK(is_hit(waiter, "old"));
  advance(2min);
  const auto late = lead("q");
  CHECK_FALSE(abandon("q", late)->stale);
}

TEST_CASE_METHOD(cache_fixture, "a failure that cannot be helped is told to all and remembered",
                 "[actors][cache]") {
  const auto token = lead("q");
  const auto waiter = acquire("q");
  run();
  REQUIRE(abandon("q", token, errc::invalid_argument));
  CHECK(waiter.get().error() == error{errc::invalid_argument, "the model said no"});
  const auto soon = acquire("q");
  run();
  CHECK(soon.get().error().code == errc::invalid_argument);
  advance(31s);
  lead("q");
}

TEST_CASE_METHOD(cache_fixture, "an asker that wants no stored value shares what is under way",
                 "[actors][cache]") {
  REQUIRE(put("q", "stored"));
  const cache_ask bypassing{.name = {.key = "q"}, .limit = 10s, .bypass = true};
  const auto first = begin_ask<cache_answer>(cache, actors::acquire_atom_v, bypassing);
  const auto second = begin_ask<cache_answer>(cache, actors::acquire_atom_v, bypassing);
  run();
  REQUIRE(must_compute(first));
  CHECK(first.get()->outcome == cache_outcome::bypassed);
  CHECK_FALSE(second.arrived());
  REQUIRE(fulfil("q", first.get()->token, "new"));
  CHECK(is_hit(second, "new"));
  CHECK(second.get()->outcome == cache_outcome::coalesced);
}

TEST_CASE_METHOD(cache_fixture, "a limit beyond all reason is cut to the longest wait",
                 "[actors][cache]") {
  const auto token = lead("q", std::chrono::milliseconds::max());
  const auto hasty = acquire("q", std::chrono::milliseconds::min());
  advance(51ms);
  CHECK(hasty.get().error().code == errc::deadline_exceeded);
  CHECK(fulfil("q", token, "answer"));
}
