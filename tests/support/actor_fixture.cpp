#include "tests/support/actor_fixture.hpp"

#include "actors/bridge/spawning.hpp"

#include <caf/actor_registry.hpp>

#include <algorithm>
#include <cstddef>

namespace libagent::testing {

namespace {

/// More messages than any honest test needs; two actors that chat for ever get here in seconds.
constexpr std::size_t messages_max = 20'000'000;
/// The same for timers that set themselves again without letting time pass.
constexpr std::size_t timers_max = 1'000'000;

actors::actor_system_options virtual_time_options(event_sink_ptr events) {
  return {.threads = 1, .run_by = actors::scheduling::virtual_time, .events = std::move(events)};
}

}  // namespace

actor_fixture::actor_fixture() : config_{virtual_time_options(events_)}, system_{config_} {
  // The destructor ends the actors; waiting would wait for ever, as nobody runs them then.
  system_.await_actors_before_shutdown(false);
}

actor_fixture::~actor_fixture() {
  for (const auto& [name, who] : system_.registry().named_actors())
    system_.registry().erase(name);
  // Timers that set themselves again would keep the system's own clean-up busy for ever.
  scheduler().clock().schedule.clear();
  for (const auto& who : adopted_)
    actors::urgent_exit(who, caf::exit_reason::kill);
  adopted_.clear();
  scheduler().run(messages_max);
  scheduler().clock().schedule.clear();
}

time_point actor_fixture::now() {
  return scheduler().clock().now();
}

void actor_fixture::run() {
  run_by([] {});
}

void actor_fixture::run_shuffled(std::uint64_t seed) {
  seeded_random random{seed};
  run_by([&] {
    auto& jobs = scheduler().jobs;
    std::swap(jobs.front(), jobs[random() % jobs.size()]);
  });
}

void actor_fixture::run_by(const std::function<void()>& pick_next) {
  for (std::size_t messages = 0; scheduler().has_job(); ++messages) {
    if (messages == messages_max)
      FAIL("actors still had messages after " << messages_max << " of them");
    pick_next();
    scheduler().run_once();
  }
}

void actor_fixture::advance(duration step) {
  auto& clock = scheduler().clock();
  const auto target = clock.now() + step;
  run();
  for (std::size_t timers = 0; !clock.schedule.empty(); ++timers) {
    const auto due = clock.schedule.begin()->first;
    if (due > target)
      break;
    if (timers == timers_max)
      FAIL("actors still set timers after " << timers_max << " of them");
    clock.advance_time(std::max(due - clock.now(), duration::zero()));
    run();
  }
  clock.advance_time(target - clock.now());
  run();
}

std::optional<caf::error> actor_fixture::exit_reason_of(const caf::strong_actor_ptr& who) {
  if (!who)
    return caf::error{};
  auto seen = std::make_shared<std::optional<caf::error>>();
  // On an actor that has ended, CAF calls the functor at once.
  who->get()->attach_functor([seen](const caf::error& why) { *seen = why; });
  return *seen;
}

actor_fixture::coordinator& actor_fixture::scheduler() {
  return dynamic_cast<coordinator&>(system_.scheduler());
}

}  // namespace libagent::testing
