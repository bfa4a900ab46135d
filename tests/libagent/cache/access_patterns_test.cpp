#include "libagent/cache/access_patterns.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <vector>

using namespace libagent;

namespace {

agent_mix_options small_mix() {
  return {.requests = 20'000,
          .hot_keys = 50,
          .tail_keys = 2'000,
          .drift_every = 2'000,
          .scan_every = 5'000,
          .scan_keys = 300};
}

std::vector<std::size_t> request_counts(const access_trace& trace) {
  std::vector<std::size_t> counts(trace.objects.size());
  for (const auto id : trace.requests)
    ++counts.at(id);
  return counts;
}

double mean_charge(const access_trace& trace) {
  return static_cast<double>(trace.footprint_bytes()) / static_cast<double>(trace.objects.size());
}

}  // namespace

TEST_CASE("the same seed gives the same requests, another seed others", "[cache]") {
  const auto one = agent_mix(small_mix(), 7);
  const auto same = agent_mix(small_mix(), 7);
  const auto other = agent_mix(small_mix(), 8);
  CHECK(one.requests == same.requests);
  CHECK(one.footprint_bytes() == same.footprint_bytes());
  CHECK(one.requests != other.requests);
}

TEST_CASE("a trace that ends within a scan has no objects that nobody asked for", "[cache]") {
  auto options = small_mix();
  options.requests = options.scan_every + options.scan_keys / 2;
  CHECK(agent_mix(options, 1).objects.size() < agent_mix(small_mix(), 1).objects.size());
  const auto trace = zipf_with_scans(700, 500, 0.9, 1);
  CHECK(*std::ranges::max_element(trace.requests) + 1 == trace.objects.size());
  CHECK(loop_requests(0, 5, 1).objects.empty());
}

TEST_CASE("every pattern has the requests it was asked for, and numbers objects as they come",
          "[cache]") {
  const std::vector<access_trace> all{agent_mix(small_mix(), 1), zipf_requests(5'000, 500, 0.9, 1),
                                      zipf_with_scans(5'000, 500, 0.9, 1),
                                      loop_requests(5'000, 500, 1),
                                      shifting_hot_set(5'000, 500, 50, 1'000, 1)};
  for (const auto& trace : all) {
    CHECK(trace.requests.size() == (&trace == all.data() ? 20'000 : 5'000));
    std::uint32_t next_new = 0;
    auto in_order = true;
    for (const auto id : trace.requests) {
      in_order = in_order && id <= next_new;
      next_new = std::max(next_new, id + 1);
    }
    CHECK(in_order);
    CHECK(next_new == trace.objects.size());  // no object without a request
    std::set<std::uint64_t> hashes;
    for (const auto& object : trace.objects)
      hashes.insert(object.key_hash);
    CHECK(hashes.size() == trace.objects.size());
  }
}

TEST_CASE("agents ask for few things often and for many things once", "[cache]") {
  auto counts = request_counts(agent_mix(small_mix(), 3));
  const auto once = std::ranges::count(counts, 1U);
  CHECK(once > 900);  // three scans of 300, and the end of the tail
  std::ranges::sort(counts, std::ranges::greater{});
  std::size_t top = 0;
  for (std::size_t i = 0; i < 100; ++i)
    top += counts[i];
  CHECK(top > 20'000 / 4);
}

TEST_CASE("charges and costs are those of chat completions", "[cache]") {
  const auto trace = zipf_requests(60'000, 20'000, 0.1, 5);
  // 256 + 4 x (1,155 + 211) on average.
  CHECK(mean_charge(trace) == Approx(5'720).epsilon(0.02));
  double cost = 0;
  for (const auto& object : trace.objects)
    cost += object.cost;
  CHECK(cost / static_cast<double>(trace.objects.size()) == Approx(1'155 + 4 * 211).epsilon(0.02));
}

TEST_CASE("zipf requests follow their law", "[cache]") {
  auto counts = request_counts(zipf_requests(200'000, 100, 1.0, 9));
  std::ranges::sort(counts, std::ranges::greater{});
  // The harmonic number of 100 is 5.187.
  CHECK(static_cast<double>(counts[0]) == Approx(200'000 / 5.187).epsilon(0.03));
  CHECK(static_cast<double>(counts[9]) == Approx(20'000 / 5.187).epsilon(0.05));
}

TEST_CASE("half of a pattern with scans is never asked for again", "[cache]") {
  const auto counts = request_counts(zipf_with_scans(10'000, 500, 1.2, 2));
  CHECK(std::ranges::count(counts, 1U) >= 5'000);
}

TEST_CASE("a loop asks for each key in turn", "[cache]") {
  CHECK(loop_requests(7, 3, 1).requests == std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2, 0});
}

TEST_CASE("a hot set is forgotten when the next one comes", "[cache]") {
  const auto trace = shifting_hot_set(8'000, 1'000, 20, 4'000, 4);
  const auto share_of_busy = [&](std::size_t from) {
    std::vector<std::size_t> counts(trace.objects.size());
    for (std::size_t i = from; i < from + 4'000; ++i)
      ++counts[trace.requests[i]];
    std::vector<std::size_t> busy;
    for (std::size_t id = 0; id < counts.size(); ++id)
      if (counts[id] > 100)
        busy.push_back(id);
    return busy;
  };
  const auto first = share_of_busy(0);
  const auto second = share_of_busy(4'000);
  CHECK(first.size() == 20);
  CHECK(second.size() == 20);
  std::vector<std::size_t> both;
  std::ranges::set_intersection(first, second, std::back_inserter(both));
  CHECK(both.empty());
}

TEST_CASE("in object mode every charge is one and nothing else changes", "[cache]") {
  const auto trace = zipf_requests(1'000, 100, 0.9, 1);
  const auto objects = in_object_mode(trace);
  CHECK(objects.requests == trace.requests);
  CHECK(objects.footprint_bytes() == trace.objects.size());
  CHECK(objects.objects[5].cost == trace.objects[5].cost);
}

TEST_CASE("patterns without keys are refused", "[cache]") {
  CHECK_THROWS_AS(loop_requests(5, 0, 1), contract_violation);
  CHECK_THROWS_AS(zipf_requests(5, 0, 1, 1), contract_violation);
  CHECK_THROWS_AS(shifting_hot_set(5, 1, 0, 1, 1), contract_violation);
  CHECK_THROWS_AS(agent_mix({.hot_keys = 0}, 1), contract_violation);
}
