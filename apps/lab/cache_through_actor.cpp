#include "apps/lab/cache_through_actor.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/cache.hpp"
#include "apps/lab/driving.hpp"
#include "libagent/base/random.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

using steady_clock = std::chrono::steady_clock;

constexpr std::size_t resident_entries = 50'000;
constexpr std::size_t value_bytes = 1'000;
constexpr std::size_t batch_names = 64;

/// CPU time of the actors that have a thread of their own: here, of the cache. The asker, which
/// has another core, is not the cache's cost.
double cache_cpu_seconds() {
  double seconds = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::string name;
    std::getline(std::ifstream{task.path() / "comm"}, name);
    std::uint64_t run_ns = 0;
    if (name == "caf.thread" && std::ifstream{task.path() / "schedstat"} >> run_ns)
      seconds += static_cast<double>(run_ns) * 1e-9;
  }
  return seconds;
}

double seconds_passed(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// A key of 32 bytes.
cache_name numbered_name(std::uint64_t number) {
  auto digits = std::to_string(number);
  return {.key = "key-" + std::string(28 - digits.size(), '0') + digits};
}

void throw_failure(const caf::error& why) {
  throw std::runtime_error{"the lab's request failed: " + to_string(why)};
}

actors::cache_actor start_filled_cache(caf::actor_system& system) {
  actors::cache_options options;
  options.store.capacity_bytes = 256ULL << 20U;
  auto cache =
      actors::spawn_placed<actors::cache_impl>(system, actors::placement::own_thread, options);
  caf::scoped_actor self{system};
  const shared_text value{std::string(value_bytes, 'v')};
  for (std::size_t i = 0; i < resident_entries; ++i) {
    self->request(cache, caf::infinite, actors::cache_put_atom_v, numbered_name(i),
                  cache_fill{.value = value})
        .receive([] {}, throw_failure);
  }
  return cache;
}

struct driven {
  quantiles us;
  double per_s = 0;
  double per_core_s = 0;  // by the CPU time of the cache's thread
};

driven drive_look_ups(caf::actor_system& system, const ask_once& ask, std::size_t count,
                      std::size_t window, std::size_t gets_each) {
  const auto cpu = cache_cpu_seconds();
  const auto start = steady_clock::now();
  auto us = drive(system, ask, count, window);
  const auto gets = static_cast<double>(count * gets_each);
  return {quantiles_of(std::move(us)), gets / seconds_passed(start),
          gets / (cache_cpu_seconds() - cpu)};
}

ask_once batched_gets(const actors::cache_actor& cache, std::uint64_t seed) {
  return [cache, random = seeded_random{seed}](caf::event_based_actor* self,
                                               const std::function<void()>& answered) mutable {
    std::vector<cache_name> names;
    names.reserve(batch_names);
    for (std::size_t i = 0; i < batch_names; ++i)
      names.push_back(numbered_name(random() % resident_entries));
    self->request(cache, caf::infinite, actors::cache_get_atom_v, std::move(names))
        .then(
            [answered](const std::vector<shared_text>& values) {
              if (values.size() != batch_names || values.front().str().size() != value_bytes)
                throw std::runtime_error{"the lab's batch came back short"};
              answered();
            },
            throw_failure);
  };
}

ask_once single_gets(const actors::cache_actor& cache, std::uint64_t seed) {
  return [cache, random = seeded_random{seed}](caf::event_based_actor* self,
                                               const std::function<void()>& answered) mutable {
    self->request(cache, caf::infinite, actors::cache_get_atom_v,
                  numbered_name(random() % resident_entries))
        .then([answered](const shared_text&) { answered(); }, throw_failure);
  };
}

void add_look_up_row(report& into, const char* what, const driven& seen) {
  into.add_row("through the actor, 32-byte keys, 1 kB values",
               {{"look-ups", what},
                {"gets/s", seen.per_s},
                {"gets/s per core", seen.per_core_s},
                {"p50 us", seen.us.p50},
                {"p99 us", seen.us.p99},
                {"p99.9 us", seen.us.p999},
                {"max us", seen.us.max}});
}

void measure_look_ups(report& into, const lab_options& options) {
  const std::size_t batches = options.quick ? 2'000 : 40'000;
  const std::size_t singles = options.quick ? 2'000 : 50'000;
  actors::actor_system_config config{{}};
  caf::actor_system system{config};
  const auto cache = start_filled_cache(system);
  const auto batched = batched_gets(cache, options.seed);
  const auto single = single_gets(cache, options.seed);
  (void)drive_look_ups(system, batched, batches / 10, 4, batch_names);
  const auto many = drive_look_ups(system, batched, batches, 4, batch_names);
  add_look_up_row(into, "64 in a message, 4 messages under way", many);
  add_look_up_row(into, "one in a message, 64 under way",
                  drive_look_ups(system, single, singles, 64, 1));
  add_look_up_row(into, "one at a time", drive_look_ups(system, single, singles, 1, 1));
  into.add_aim("batched gets through the actor, millions per s and core", aim_is::at_least, 1.5,
               many.per_core_s / 1e6, "M");
  actors::urgent_exit(cache, caf::exit_reason::kill);
}

void measure_shrink_slices(report& into, const lab_options& options) {
  const std::size_t entries = options.quick ? 20'000 : 200'000;
  cache_store store{{.capacity_bytes = 1ULL << 30U}, *make_policy_factory({})};
  const time_point now{};
  for (std::size_t i = 0; i < entries; ++i) {
    // Each entry has a value of its own, as in life: freeing it is part of the slice.
    (void)store.put("", numbered_name(i).key, std::make_shared<const std::string>(value_bytes, 'v'),
                    cache_times::until(now, time_point::max()), {}, now);
  }
  store.set_capacity(store.charged_bytes() / 10);
  std::vector<double> slices_us;
  for (bool more = true; more;) {
    const auto start = steady_clock::now();
    more = store.evict_slice();
    slices_us.push_back(seconds_passed(start) * 1e6);
  }
  const auto count = slices_us.size();
  const auto us = quantiles_of(std::move(slices_us));
  into.add_row("slices of a shrink to a tenth", {{"entries", entries},
                                                 {"slices", count},
                                                 {"p50 us", us.p50},
                                                 {"p99 us", us.p99},
                                                 {"p99.9 us", us.p999},
                                                 {"max us", us.max}});
  into.add_aim("longest slice of a shrink", aim_is::at_most, 1'000, us.max, "us");
}

}  // namespace

void measure_cache_actor(report& into, const lab_options& options) {
  announce("look-ups through the cache actor");
  measure_look_ups(into, options);
  announce("slices of a shrink");
  measure_shrink_slices(into, options);
}

}  // namespace libagent::lab
