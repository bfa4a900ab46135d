#include "apps/lab/cache_speed.hpp"

#include "libagent/cache/access_patterns.hpp"
#include "libagent/cache/adaptive_policy.hpp"
#include "libagent/cache/arc_policy.hpp"
#include "libagent/cache/fifo_policy.hpp"
#include "libagent/cache/gdsf_policy.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/lirs_policy.hpp"
#include "libagent/cache/lru_k_policy.hpp"
#include "libagent/cache/lru_policy.hpp"
#include "libagent/cache/policy_catalog.hpp"
#include "libagent/cache/s3_fifo_policy.hpp"
#include "libagent/cache/sieve_policy.hpp"
#include "libagent/cache/w_tinylfu_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <limits>
#include <list>
#include <unordered_map>

namespace libagent::lab {

namespace {

struct speed_aim {
  std::string_view policy;
  double ratio;  // of the baseline's operations per second
};

constexpr std::array speed_aims{
    speed_aim{"fifo", 2.5},      speed_aim{"lru", 2.5},  speed_aim{"sieve", 2.5},
    speed_aim{"s3-fifo", 1.2},   speed_aim{"arc", 1.2},  speed_aim{"w-tinylfu", 0.8},
    speed_aim{"lru-k", 0.5},     speed_aim{"gdsf", 0.5}, speed_aim{"gdsf for cost", 0.5},
    speed_aim{"adaptive", 0.15},
};

/// CPU time of this thread: what others do on the machine disturbs it least.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What one would write without a library.
class list_lru {
public:
  explicit list_lru(std::size_t capacity) : capacity_{capacity} {}

  bool access(std::uint64_t key) {
    const auto found = places_.find(key);
    if (found != places_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return true;
    }
    if (places_.size() >= capacity_) {
      places_.erase(order_.back());
      order_.pop_back();
    }
    order_.push_front(key);
    places_[key] = order_.begin();
    return false;
  }

private:
  std::size_t capacity_;
  std::list<std::uint64_t> order_;
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places_;
};

/// One side of the race: the fastest of its runs.
struct racer {
  std::string name;
  std::function<std::size_t()> run;  // returns hits, which keeps the work from being left out
  double seconds = std::numeric_limits<double>::infinity();
  std::size_t hits = 0;
  double bytes_per_entry = 0;

  void take_turn() {
    const auto begin = cpu_seconds();
    hits = run();
    seconds = std::min(seconds, cpu_seconds() - begin);
  }
};

std::vector<cache_entry_facts> requested_facts(const access_trace& trace) {
  std::vector<cache_entry_facts> facts;
  facts.reserve(trace.requests.size());
  for (const auto id : trace.requests)
    facts.push_back(trace.objects[id]);
  return facts;
}

racer baseline_racer(const std::vector<cache_entry_facts>& requests, std::size_t capacity) {
  return {.name = "unordered_map + list", .run = [&requests, capacity] {
            list_lru cache{capacity};
            std::size_t hits = 0;
            for (const auto& one : requests)
              hits += cache.access(one.key_hash) ? 1U : 0U;
            return hits;
          }};
}

using racer_maker = racer (*)(const std::string&, const policy_factory&,
                              const std::vector<cache_entry_facts>&, std::size_t);

/// The policy in a table that knows its class, as a program would use it.
template <class Policy>
racer policy_racer(const std::string& name, const policy_factory& make,
                   const std::vector<cache_entry_facts>& requests, std::size_t capacity) {
  using cache_type = basic_ghost_cache<Policy>;
  const auto make_typed = [make](const entry_index& entries) {
    return std::unique_ptr<Policy>{static_cast<Policy*>(make(entries).release())};
  };
  const auto run_on = [&requests](cache_type& cache) {
    std::size_t hits = 0;
    for (const auto& one : requests)
      hits += cache.access(one) ? 1U : 0U;
    return hits;
  };
  cache_type filled{capacity, make_typed};
  run_on(filled);
  return {.name = name,
          .run =
              [=] {
                cache_type cache{capacity, make_typed};
                return run_on(cache);
              },
          .bytes_per_entry =
              static_cast<double>(filled.memory_bytes()) / static_cast<double>(filled.size())};
}

constexpr std::array<std::pair<std::string_view, racer_maker>, 10> racer_makers{{
    {"fifo", &policy_racer<fifo_policy>},
    {"lru", &policy_racer<lru_policy>},
    {"lru-k", &policy_racer<lru_k_policy>},
    {"sieve", &policy_racer<sieve_policy>},
    {"s3-fifo", &policy_racer<s3_fifo_policy>},
    {"arc", &policy_racer<arc_policy>},
    {"lirs", &policy_racer<lirs_policy>},
    {"w-tinylfu", &policy_racer<w_tinylfu_policy>},
    {"gdsf", &policy_racer<gdsf_policy>},
    {"adaptive", &policy_racer<adaptive_policy>},
}};

racer_maker maker_of(std::string_view name) {
  const auto* const found =
      std::ranges::find(racer_makers, name, &std::pair<std::string_view, racer_maker>::first);
  return found == racer_makers.end() ? &policy_racer<eviction_policy> : found->second;
}

void add_speed_row(report& into, const racer& one, const racer& baseline, std::size_t requests) {
  const auto ratio = baseline.seconds / one.seconds;
  const auto* const aim = std::ranges::find(speed_aims, one.name, &speed_aim::policy);
  const auto has_aim = aim != speed_aims.end();
  into.add_row("speed, one thread, M operations per s of CPU time",
               {{"policy", one.name},
                {"M/s", static_cast<double>(requests) / 1e6 / one.seconds},
                {"times the baseline", ratio},
                {"aim", has_aim ? nlohmann::ordered_json(aim->ratio) : "-"},
                {"hits %", 100.0 * static_cast<double>(one.hits) / static_cast<double>(requests)},
                {"bytes per entry",
                 one.bytes_per_entry > 0 ? nlohmann::ordered_json(one.bytes_per_entry) : "-"}});
  if (has_aim) {
    into.add_aim(fmt::format("{}: speed against unordered_map + list", one.name), aim_is::at_least,
                 aim->ratio, ratio, "times");
  }
  if (one.bytes_per_entry > 0) {
    into.add_aim(fmt::format("{}: memory beyond key and value", one.name), aim_is::at_most,
                 one.name == "adaptive" ? 160 : 64, one.bytes_per_entry, "bytes per entry");
  }
}

}  // namespace

void measure_cache_speed(report& into, const std::vector<std::string>& policies,
                         const lab_options& options) {
  agent_mix_options mix;
  mix.requests = options.quick ? 200'000 : 1'000'000;
  const auto trace = in_object_mode(agent_mix(mix, options.seed));
  const auto requests = requested_facts(trace);
  const auto capacity = trace.objects.size() / 10;
  std::vector<racer> racers{baseline_racer(requests, capacity)};
  for (const auto& name : policies) {
    if (const auto make = make_policy_factory({.name = name}))
      racers.push_back(maker_of(name)(name, *make, requests, capacity));
    // For this objective it also remembers what it evicted.
    const policy_spec for_cost{.name = name, .objective = cache_objective::cost};
    if (const auto make = make_policy_factory(for_cost); make && name == "gdsf")
      racers.push_back(maker_of(name)("gdsf for cost", *make, requests, capacity));
  }
  const auto rounds = options.quick ? 2 : 5;
  for (int round = 0; round < rounds; ++round) {
    for (auto& one : racers)
      one.take_turn();
  }
  for (const auto& one : racers)
    add_speed_row(into, one, racers.front(), requests.size());
}

}  // namespace libagent::lab
