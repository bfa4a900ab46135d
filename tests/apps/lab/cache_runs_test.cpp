#include "apps/lab/cache_runs.hpp"

#include "apps/lab/cache_tiers.hpp"
#include "apps/lab/cache_workloads.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::lab;

TEST_CASE("cache sizes are shares of the footprint or bytes", "[lab]") {
  CHECK(parse_cache_size("10%")->of(1'999) == 199);
  CHECK(parse_cache_size("0.5%")->of(1'000) == 5);
  CHECK(parse_cache_size("100MiB")->of(1) == 100U << 20U);
  CHECK(parse_cache_size("0")->of(1'000) == 0);
  CHECK(parse_cache_size("10%")->label() == "10 %");
  CHECK(parse_cache_size("100MiB")->label() == "100 MiB");
  for (const std::string bad : {"0%", "101%", "%", "ten", ""})
    CHECK_THAT(parse_cache_size(bad).error().context, Catch::Contains("\"" + bad + "\""));
}

TEST_CASE("weighing policies take part once for each objective, the others once", "[lab]") {
  using enum cache_objective;
  const auto contenders = make_contenders({"lru", "gdsf"}, {hits, cost});
  REQUIRE(contenders.has_value());
  REQUIRE(contenders->size() == 3);
  CHECK((*contenders)[0].policy == "lru");
  CHECK((*contenders)[1].objective == hits);
  CHECK((*contenders)[2].objective == cost);
  CHECK_FALSE(make_contenders({"lru", "rlu"}, {hits}).has_value());
}

TEST_CASE("a workload is replayed at every size under every contender, on any number of threads",
          "[lab]") {
  workload work{.name = "loop",
                .mode = charge_mode::objects,
                .trace = in_object_mode(loop_requests(1'000, 100, 1)),
                .sizes = {{.share = 0.1}, {.share = 1}}};
  const auto contenders = make_contenders({"lru", "fifo"}, {cache_objective::hits});
  for (const unsigned jobs : {1U, 3U}) {
    std::size_t last = 0;
    const auto cells = run_workload(work, *contenders, jobs, [&](std::size_t done, std::size_t) {
      CHECK(done == last + 1);
      last = done;
    });
    CHECK(last == 6);  // two policies and the optimum, at two sizes
    REQUIRE(cells.size() == 2);
    CHECK(cells[0].miss("lru", cache_objective::hits) == 1.0);
    CHECK(cells[0].belady.miss_ratio() < 1);
    CHECK(cells[0].slots == 10);
    CHECK(cells[1].miss("fifo", cache_objective::hits) == 0.1);
    CHECK_FALSE(cells[0].miss("arc", cache_objective::hits).has_value());
  }
}

TEST_CASE("price tiers make three objects in ten dearer", "[lab]") {
  access_trace trace;
  trace.objects.assign(10'000, {.key_hash = 0, .charge_bytes = 1, .cost = 7});
  const auto tiered = with_price_tiers(trace);
  const auto with_cost = [&](std::uint32_t cost) {
    return std::ranges::count(tiered.objects, cost, &cache_entry_facts::cost);
  };
  CHECK(with_cost(7) + with_cost(70) + with_cost(420) == 10'000);
  CHECK(with_cost(70) == Approx(2'500).margin(150));
  CHECK(with_cost(420) == Approx(500).margin(80));
}

TEST_CASE("a workload that is not there is refused with those that are", "[lab]") {
  const auto sources = find_workloads({.only = {"zpif"}}, {});
  REQUIRE_FALSE(sources.has_value());
  CHECK_THAT(sources.error().context, Catch::Contains("agent-mix, zipf, scan, loop"));
  CHECK_THAT(sources.error().context, Catch::Contains("did you mean \"zipf\"?"));
}
