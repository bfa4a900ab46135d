#include "libagent/cache/belady.hpp"
#include "libagent/cache/policy_catalog.hpp"
#include "libagent/cache/trace_replay.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <list>
#include <string>
#include <vector>

using namespace libagent;

// Whole policies on generated traces: the exact ones against what one would write down first, the
// others against the optimum, and against what their papers promise.

namespace {

/// A list of ids, the next victim last; as slow as it is plain.
class list_cache {
public:
  list_cache(const access_trace& trace, std::uint64_t capacity, bool uses_count)
      : trace_{trace}, free_{capacity}, capacity_{capacity}, uses_count_{uses_count} {}

  bool request(std::uint32_t id) {
    const auto found = std::ranges::find(ids_, id);
    if (found != ids_.end()) {
      if (uses_count_)
        ids_.splice(ids_.begin(), ids_, found);
      return true;
    }
    const std::uint64_t charge = trace_.objects[id].charge_bytes;
    if (charge > capacity_)
      return false;
    while (free_ < charge) {
      free_ += trace_.objects[ids_.back()].charge_bytes;
      ids_.pop_back();
    }
    free_ -= charge;
    ids_.push_front(id);
    return false;
  }

private:
  const access_trace& trace_;
  std::list<std::uint32_t> ids_;
  std::uint64_t free_;
  std::uint64_t capacity_;
  bool uses_count_;
};

std::vector<access_trace> generated_traces() {
  const agent_mix_options agents{.requests = 8'000,
                                 .hot_keys = 40,
                                 .tail_keys = 2'000,
                                 .drift_every = 2'000,
                                 .scan_every = 3'000,
                                 .scan_keys = 200};
  std::vector<access_trace> all{agent_mix(agents, 11), zipf_requests(5'000, 1'000, 0.9, 12),
                                zipf_with_scans(5'000, 400, 0.9, 13), loop_requests(5'000, 500, 14),
                                shifting_hot_set(5'000, 1'000, 50, 1'000, 15)};
  const auto sized = all.size();
  for (std::size_t i = 0; i < sized; ++i)
    all.push_back(in_object_mode(all[i]));
  return all;
}

replay_outcome replay_as(const std::string& name, const access_trace& trace,
                         std::uint64_t capacity) {
  const auto make = make_policy_factory({.name = name});
  REQUIRE(make.has_value());
  return replay(trace, capacity, *make);
}

double share_of_hits(const std::string& name, const access_trace& trace, std::uint64_t capacity) {
  return 1 - replay_as(name, trace, capacity).miss_ratio();
}

}  // namespace

TEST_CASE("fifo and lru hit exactly when a plain list does", "[cache]") {
  for (const auto& trace : generated_traces()) {
    for (const std::uint64_t part : {100U, 10U}) {
      const auto capacity = trace.footprint_bytes() / part;
      for (const std::string name : {"fifo", "lru"}) {
        list_cache plain{trace, capacity, name == "lru"};
        replay_outcome expected_outcome;
        for (const auto id : trace.requests)
          expected_outcome.add(trace.objects[id], plain.request(id));
        const auto outcome = replay_as(name, trace, capacity);
        CAPTURE(name, capacity);
        CHECK(outcome.hits == expected_outcome.hits);
        CHECK(outcome.hit_bytes == expected_outcome.hit_bytes);
      }
    }
  }
}

TEST_CASE("no policy beats the optimum, and all hit something where there is something to hit",
          "[cache]") {
  for (const auto& trace : generated_traces()) {
    const auto capacity = trace.footprint_bytes() / 5;
    const auto is_object_mode = trace.footprint_bytes() == trace.objects.size();
    const auto bound = hit_bound(trace, capacity, cache_objective::hits);
    const auto belady = replay_belady(trace, capacity);
    CHECK(1 - belady.miss_ratio() <= bound + 1e-12);
    for (const auto& known : known_policies()) {
      CAPTURE(known.name, capacity);
      const auto outcome = replay_as(std::string{known.name}, trace, capacity);
      CHECK(1 - outcome.miss_ratio() <= bound + 1e-12);
      if (is_object_mode)
        CHECK(outcome.hits <= belady.hits);
    }
  }
}

TEST_CASE("a larger cache does not hit much less, under any policy", "[cache]") {
  const auto trace = in_object_mode(zipf_requests(10'000, 1'000, 0.9, 3));
  for (const auto& known : known_policies()) {
    CAPTURE(known.name);
    double before = 0;
    for (const std::uint64_t capacity : {1U, 10U, 50U, 200U, 600U}) {
      const auto hits = share_of_hits(std::string{known.name}, trace, capacity);
      CAPTURE(capacity);
      CHECK(hits > before - 0.005);
      before = hits;
    }
    CHECK(before > 0.75);
  }
}

TEST_CASE("a cache that holds everything misses each object once, under any policy", "[cache]") {
  for (const auto& trace : generated_traces()) {
    for (const auto& known : known_policies()) {
      CAPTURE(known.name);
      const auto outcome = replay_as(std::string{known.name}, trace, trace.footprint_bytes());
      CHECK(outcome.requests - outcome.hits == trace.objects.size());
    }
  }
}

TEST_CASE("a loop that does not fit defeats lru, and lirs keeps most of what can be kept",
          "[cache]") {
  const auto trace = in_object_mode(loop_requests(20'000, 500, 1));
  const auto most = 1 - replay_belady(trace, 200).miss_ratio();
  CHECK(share_of_hits("lru", trace, 200) == 0);
  CHECK(share_of_hits("fifo", trace, 200) == 0);
  CHECK(share_of_hits("lirs", trace, 200) > 0.95 * most);
}

TEST_CASE("a scan costs lru more than the policies that resist scans", "[cache]") {
  const auto trace = in_object_mode(zipf_with_scans(20'000, 500, 1.0, 5));
  const auto lru = share_of_hits("lru", trace, 150);
  for (const std::string name : {"lru-k", "s3-fifo", "arc", "lirs", "w-tinylfu"}) {
    CAPTURE(name);
    CHECK(share_of_hits(name, trace, 150) > lru + 0.03);
  }
}

TEST_CASE("lru-k misses at least 7 % less than lru on what agents ask for", "[cache]") {
  const agent_mix_options agents{.requests = 40'000,
                                 .hot_keys = 60,
                                 .tail_keys = 5'000,
                                 .drift_every = 5'000,
                                 .scan_every = 8'000,
                                 .scan_keys = 300};
  const auto trace = in_object_mode(agent_mix(agents, 21));
  for (const std::uint64_t capacity : {200U, 800U}) {
    CAPTURE(capacity);
    const auto lru = replay_as("lru", trace, capacity).miss_ratio();
    CHECK(replay_as("lru-k", trace, capacity).miss_ratio() < 0.93 * lru);
  }
}

TEST_CASE("gdsf hits more than lru where sizes differ, because small entries stay", "[cache]") {
  const auto trace = zipf_requests(30'000, 3'000, 0.9, 8);
  const auto capacity = trace.footprint_bytes() / 20;
  const auto gdsf = share_of_hits("gdsf", trace, capacity);
  CHECK(gdsf > share_of_hits("lru", trace, capacity));
  CHECK(gdsf > share_of_hits("fifo", trace, capacity));
}
