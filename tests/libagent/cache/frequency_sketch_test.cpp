#include "libagent/cache/frequency_sketch.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>

using namespace libagent;

namespace {

constexpr std::uint64_t sketched_key = 0x1234'5678'9ABC'DEF0;

void record_times(frequency_sketch& sketch, std::uint64_t key_hash, int times) {
  for (int i = 0; i < times; ++i)
    sketch.record(key_hash);
}

}  // namespace

TEST_CASE("a frequency sketch counts to fifteen", "[cache]") {
  frequency_sketch sketch{short_sketch_memory};
  CHECK(sketch.frequency(sketched_key) == 0);
  record_times(sketch, sketched_key, 3);
  CHECK(sketch.frequency(sketched_key) == 3);
  record_times(sketch, sketched_key, 12);
  CHECK(sketch.frequency(sketched_key) == 15);
  record_times(sketch, sketched_key, 5);
  CHECK(sketch.frequency(sketched_key) == 15);
}

TEST_CASE("a frequency sketch halves what it counted when its period is over", "[cache]") {
  frequency_sketch sketch{{.records_an_entry = 10}};
  sketch.fit(100);
  record_times(sketch, sketched_key, 12);
  seeded_random others{1};
  for (int i = 0; i < 1000 - 12; ++i)
    sketch.record(others() | 1U);
  for (int i = 0; i < 20; ++i)  // aging happens a slice at a time, with the next records
    sketch.record(others());
  CHECK(sketch.frequency(sketched_key) >= 6);
  CHECK(sketch.frequency(sketched_key) <= 8);  // others may have shared its counters
}

TEST_CASE("a frequency sketch rarely overrates a key that was never seen", "[cache]") {
  frequency_sketch sketch{short_sketch_memory};
  sketch.fit(1000);
  seeded_random seen{2};
  for (int i = 0; i < 1000; ++i)
    sketch.record(seen());
  seeded_random unseen{3};
  int overrated = 0;
  for (int i = 0; i < 1000; ++i)
    overrated += sketch.frequency(unseen()) > 0 ? 1 : 0;
  CHECK(overrated < 50);
}

TEST_CASE("a frequency sketch keeps what it counted when it grows and shrinks", "[cache]") {
  frequency_sketch sketch{long_sketch_memory};
  sketch.fit(100);
  record_times(sketch, sketched_key, 9);
  const auto small = sketch.memory_bytes();
  sketch.fit(10'000);
  CHECK(sketch.memory_bytes() > 16 * small);
  CHECK(sketch.frequency(sketched_key) == 9);
  record_times(sketch, sketched_key, 2);
  sketch.fit(50);
  CHECK(sketch.memory_bytes() <= 2 * small);
  CHECK(sketch.frequency(sketched_key) == 11);
}

TEST_CASE("a frequency sketch needs a period and counters", "[cache]") {
  CHECK_THROWS_AS((frequency_sketch{{.records_an_entry = 0}}), contract_violation);
  CHECK_THROWS_AS((frequency_sketch{{.counters_an_entry = 0}}), contract_violation);
}
