#include "actors/bridge/polling_sharing.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/spawning.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace libagent::actors;

namespace {

caf::behavior counting_actor(caf::event_based_actor* self, std::atomic<int>* seen) {
  set_quiet_handlers(self);
  return {[seen](wake_atom) { seen->fetch_add(1); }, [](status_atom) { return true; }};
}

}  // namespace

TEST_CASE("a polling scheduler runs every message of many threads exactly once", "[bridge]") {
  constexpr int senders = 4;
  constexpr int actors = 50;
  constexpr int rounds = 200;
  std::atomic<int> seen{0};
  actor_system_config config{{.threads = 2, .policy = "polling"}};
  caf::actor_system system{config};
  std::vector<caf::actor> all;
  for (int i = 0; i < actors; ++i)
    all.push_back(system.spawn(counting_actor, &seen));
  {
    std::vector<std::jthread> threads;
    for (int sender = 0; sender < senders; ++sender) {
      threads.emplace_back([&all] {
        for (int round = 0; round < rounds; ++round) {
          for (const auto& each : all)
            caf::anon_send(each, wake_atom_v);
        }
      });
    }
  }
  // An answer comes after all that was sent before it.
  caf::scoped_actor self{system};
  for (const auto& each : all) {
    self->request(each, caf::infinite, status_atom_v).receive([](bool) {}, [](caf::error&) {});
  }
  CHECK(seen.load() == senders * actors * rounds);
  for (const auto& each : all)
    self->send_exit(each, caf::exit_reason::user_shutdown);
}

TEST_CASE("a polling scheduler stops when nothing was ever spawned", "[bridge]") {
  actor_system_config config{{.threads = 3, .policy = "polling"}};
  caf::actor_system system{config};
  CHECK(system.scheduler().num_workers() == 3);
}
