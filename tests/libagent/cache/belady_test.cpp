#include "libagent/cache/belady.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <utility>

using namespace libagent;

namespace {

/// Few objects and requests, so that everything that a cache could do can be tried.
access_trace tiny_trace(std::uint64_t seed, std::uint32_t charge_max) {
  seeded_random random{seed};
  access_trace trace;
  for (std::uint32_t id = 0; id < 6; ++id) {
    trace.objects.push_back({.key_hash = hash_of_object(id),
                             .charge_bytes = 1 + static_cast<std::uint32_t>(random() % charge_max),
                             .cost = 1 + static_cast<std::uint32_t>(random() % 9)});
  }
  for (int i = 0; i < 16; ++i)
    trace.requests.push_back(static_cast<std::uint32_t>(random() % trace.objects.size()));
  return trace;
}

/// Tries every set of objects that could be kept after each request.
class exhaustive_search {
public:
  exhaustive_search(const access_trace& trace, std::uint64_t capacity, cache_objective objective,
                    bool may_refuse)
      : trace_{trace}, capacity_{capacity}, objective_{objective}, may_refuse_{may_refuse} {}

  std::uint64_t most_saved(std::size_t at = 0, std::uint32_t kept = 0) {
    if (at == trace_.requests.size())
      return 0;
    const auto known = found_.find({at, kept});
    if (known != found_.end())
      return known->second;
    const auto id = trace_.requests[at];
    const auto is_hit = (kept >> id & 1U) != 0;
    std::uint64_t best = is_hit
                             ? most_saved(at + 1, kept) + worth_of(trace_.objects[id], objective_)
                             : most_saved_after_miss(at, kept);
    found_[{at, kept}] = best;
    return best;
  }

private:
  std::uint64_t most_saved_after_miss(std::size_t at, std::uint32_t kept) {
    const auto newcomer = std::uint32_t{1} << trace_.requests[at];
    std::uint64_t best =
        may_refuse_ || charge_of(newcomer) > capacity_ ? most_saved(at + 1, kept) : 0;
    for (auto rest = kept;; rest = (rest - 1) & kept) {
      if (charge_of(rest | newcomer) <= capacity_)
        best = std::max(best, most_saved(at + 1, rest | newcomer));
      if (rest == 0)
        return best;
    }
  }

  std::uint64_t charge_of(std::uint32_t kept) const {
    std::uint64_t sum = 0;
    for (std::size_t id = 0; id < trace_.objects.size(); ++id)
      sum += (kept >> id & 1U) != 0 ? trace_.objects[id].charge_bytes : 0;
    return sum;
  }

  const access_trace& trace_;
  std::uint64_t capacity_;
  cache_objective objective_;
  bool may_refuse_;
  std::map<std::pair<std::size_t, std::uint32_t>, std::uint64_t> found_;
};

}  // namespace

TEST_CASE("belady hits as often as the best of all ways to evict", "[cache]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto trace = tiny_trace(seed, 1);
    for (const std::uint64_t capacity : {1U, 2U, 3U, 5U}) {
      CAPTURE(seed, capacity);
      exhaustive_search search{trace, capacity, cache_objective::hits, false};
      CHECK(replay_belady(trace, capacity).hits == search.most_saved());
    }
  }
}

TEST_CASE("nothing saves more than the bound, not even what refuses entries", "[cache]") {
  using enum cache_objective;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto trace = tiny_trace(seed, 7);
    for (const auto objective : {hits, bytes, cost}) {
      CAPTURE(seed, to_string(objective));
      std::uint64_t asked = 0;
      for (const auto id : trace.requests)
        asked += worth_of(trace.objects[id], objective);
      exhaustive_search search{trace, 10, objective, true};
      const auto most = static_cast<double>(search.most_saved()) / static_cast<double>(asked);
      CHECK(hit_bound(trace, 10, objective) >= most - 1e-12);
      CHECK(hit_bound(trace, 10, objective) <= 1);
    }
  }
}

TEST_CASE("belady keeps what is asked for next, and needs several to leave for a large one",
          "[cache]") {
  access_trace trace;
  trace.objects = {{1, 2, 1}, {2, 2, 1}, {3, 3, 1}};
  trace.requests = {0, 1, 2, 1, 0};
  // Room for 4: object 2 displaces 0, which is wanted later, and then 1, since 3 + 2 > 4.
  CHECK(replay_belady(trace, 4).hits == 0);
  CHECK(replay_belady(trace, 5).hits == 1);
  CHECK(replay_belady(trace, 7).hits == 2);
}

TEST_CASE("the optimum of a cache without room is nothing", "[cache]") {
  const auto trace = tiny_trace(1, 7);
  CHECK(replay_belady(trace, 0).hits == 0);
  CHECK(hit_bound(trace, 0, cache_objective::hits) == 0);
  CHECK(hit_bound({}, 10, cache_objective::hits) == 0);
}

TEST_CASE("with room for everything only first requests miss", "[cache]") {
  const auto trace = tiny_trace(2, 7);
  const auto footprint = trace.footprint_bytes();
  const auto outcome = replay_belady(trace, footprint);
  CHECK(hit_bound(trace, footprint, cache_objective::hits) == Approx(1 - outcome.miss_ratio()));
}
