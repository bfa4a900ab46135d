#include "libagent/tasks/wait_gate.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr time_point gate_t0{};

struct gate_run {
  std::size_t served = 0;
  std::size_t refused = 0;
  std::vector<duration> waits;  ///< Of those that started after two seconds.
};

struct gate_load {
  double times_capacity;
  duration service;
  duration length;
  std::uint64_t seed = 1;
};

/// One server behind a gate; arrivals at random, as `load` says.
class gate_simulation {
public:
  explicit gate_simulation(gate_load load) : load_{load}, random_{load.seed} {}

  gate_run run() {
    gate_.set_service_time(load_.service);
    auto arrival = gate_t0;
    while (arrival < gate_t0 + load_.length) {
      serve_until(arrival);
      arrive(arrival);
      const auto mean = std::chrono::duration<double>{load_.service} / load_.times_capacity;
      arrival += std::chrono::duration_cast<duration>(mean * -std::log(1 - random_.unit()));
    }
    return run_;
  }

private:
  void arrive(time_point now) {
    const auto oldest = queue_.empty() ? duration{} : now - queue_.front();
    if (!gate_.is_open(now, oldest)) {
      ++run_.refused;
    } else {
      queue_.push_back(now);
    }
    serve_until(now);
  }

  void serve_until(time_point now) {
    while (!queue_.empty() && std::max(free_at_, queue_.front()) <= now) {
      const auto start = std::max(free_at_, queue_.front());
      gate_.on_start(start - queue_.front(), start);
      if (start > gate_t0 + 2s)
        run_.waits.push_back(start - queue_.front());
      queue_.pop_front();
      if (queue_.empty())
        gate_.on_empty(start);
      free_at_ = start + load_.service;
      ++run_.served;
    }
  }

  gate_load load_;
  seeded_random random_;
  wait_gate gate_{5ms, 100ms};
  std::deque<time_point> queue_;
  time_point free_at_ = gate_t0;
  gate_run run_;
};

}  // namespace

TEST_CASE("a gate is open until waits stayed above the target for an interval", "[tasks]") {
  wait_gate gate{5ms, 100ms};
  CHECK(gate.is_open(gate_t0, 0ms));
  gate.on_start(6ms, gate_t0);
  CHECK(gate.is_open(gate_t0 + 100ms - 1ns, 50ms));
  CHECK_FALSE(gate.is_open(gate_t0 + 100ms, 50ms));
  CHECK_FALSE(gate.is_open(gate_t0 + 100ms, 5ms + 1ns));
  CHECK(gate.is_open(gate_t0 + 100ms, 5ms));
}

TEST_CASE("one short wait, or an empty queue, shows that no queue is standing", "[tasks]") {
  wait_gate gate{5ms, 100ms};
  gate.on_start(50ms, gate_t0);
  SECTION("a short wait") {
    gate.on_start(5ms, gate_t0 + 99ms);
  }
  SECTION("an empty queue") {
    gate.on_empty(gate_t0 + 99ms);
  }
  CHECK(gate.is_open(gate_t0 + 100ms, 50ms));
  gate.on_start(50ms, gate_t0 + 110ms);
  CHECK(gate.is_open(gate_t0 + 210ms - 1ns, 50ms));
  CHECK_FALSE(gate.is_open(gate_t0 + 210ms, 50ms));
}

TEST_CASE("after a standing queue the gate closes at once for another interval", "[tasks]") {
  wait_gate gate{5ms, 100ms};
  gate.on_start(50ms, gate_t0);
  gate.on_start(50ms, gate_t0 + 100ms);  // It stands.
  gate.on_start(1ms, gate_t0 + 120ms);
  CHECK(gate.is_open(gate_t0 + 120ms, 5ms));
  SECTION("within the interval") {
    gate.on_start(6ms, gate_t0 + 200ms - 1ns);
    CHECK_FALSE(gate.is_open(gate_t0 + 200ms, 6ms));
  }
  SECTION("later") {
    gate.on_start(6ms, gate_t0 + 200ms);
    CHECK(gate.is_open(gate_t0 + 200ms, 6ms));
  }
}

TEST_CASE("a gate closes when nothing starts at all", "[tasks]") {
  const wait_gate gate{5ms, 100ms};
  CHECK(gate.is_open(gate_t0 + 1s, 105ms - 1ns));
  CHECK_FALSE(gate.is_open(gate_t0 + 1s, 105ms));
}

TEST_CASE("target and interval of a gate grow with the service time", "[tasks]") {
  wait_gate gate{5ms, 100ms};
  gate.set_service_time(2ms);
  CHECK(gate.target() == 5ms);
  CHECK(gate.interval() == 100ms);
  gate.set_service_time(300ms);
  CHECK(gate.target() == 600ms);
  CHECK(gate.interval() == 1800ms);
  gate.set_service_time(0ms);
  CHECK(gate.target() == 5ms);
}

TEST_CASE("who is refused is told to come back after what the queue waits", "[tasks]") {
  wait_gate gate{5ms, 100ms};
  gate.on_start(70ms, gate_t0);
  CHECK(gate.retry_after() == 70ms);
  CHECK(gate.retry_after(90ms) == 90ms);
  gate.on_empty(gate_t0);
  CHECK(gate.retry_after() == 0ms);
}

TEST_CASE("overload keeps the server busy and the waits short behind a gate", "[tasks]") {
  const auto times_capacity = GENERATE(1.2, 2.0, 10.0);
  const auto seed = GENERATE(range(1U, 4U));
  CAPTURE(times_capacity, seed);
  auto result = gate_simulation{{times_capacity, 1ms, 10s, seed}}.run();
  CHECK(result.served >= 9500);  // Of the 10,000 that the server can do.
  CHECK(result.refused > 1000);
  REQUIRE_FALSE(result.waits.empty());
  std::ranges::sort(result.waits);
  // The first interval lets all in, at 10 times the capacity 0.9 s of work; then the waits hold.
  CHECK(result.waits.back() <= 105ms);
  CHECK(result.waits[result.waits.size() / 2] <= 30ms);
}

TEST_CASE("a server that keeps up refuses next to nobody behind a gate", "[tasks]") {
  const auto seed = GENERATE(range(1U, 4U));
  CHECK(gate_simulation{{0.5, 1ms, 10s, seed}}.run().refused == 0);
  CHECK(gate_simulation{{0.8, 1ms, 10s, seed}}.run().refused <= 80);  // Of 8,000.
}

TEST_CASE("a burst that is served within an interval is not refused", "[tasks]") {
  CHECK(gate_simulation{{10, 1ms, 10ms}}.run().refused == 0);
  CHECK(gate_simulation{{10, 1ms, 100ms}}.run().refused == 0);
}
