#pragma once

/// How this project sets CAF up.

#include "libagent/ports/event_sink.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace libagent::actors {

/// Registers the types that travel in messages. Cheap and harmless to repeat. Thread safety: any
/// thread, but before the first actor system is made.
void init_types();

/// Who runs actors: threads, or the test on virtual time.
enum class scheduling : std::uint8_t { threads, virtual_time };

struct actor_system_options {
  /// Threads for pooled actors; 0: as many as the process has cores.
  std::size_t threads = 0;
  /// How pooled actors share the threads: "polling" (see `polling_sharing`); "sharing", the same
  /// without polling; or "stealing", with which a pair of actors that keep each other busy starves
  /// the others of their thread.
  std::string policy = "polling";
  /// Messages that one actor may handle before the next one gets a turn. CAF's own default is
  /// unlimited, with which one busy actor per thread starves all others.
  std::size_t max_throughput = 50;
  /// OS niceness of the pool's threads in [0, 19]. Above 0, so that the detached actors that
  /// everybody waits for (supervisors, dispatcher, cache) win over tasks.
  int pool_nice = 5;
  /// Called by each of the pool's threads as it starts, in place of setting their niceness. Empty:
  /// `pool_nice` counts.
  std::function<void()> on_pool_thread;
  /// Loads CAF's middleman, which is needed to talk to other nodes.
  bool networked = false;
  scheduling run_by = scheduling::threads;
  /// Where actors report to; null: nowhere.
  event_sink_ptr events = nullptr;
};

/// The configuration of an actor system of this project; must outlive the system.
class actor_system_config : public caf::actor_system_config {
public:
  /// @pre `pool_nice` is in [0, 19], `max_throughput` positive, `policy` one of the three.
  explicit actor_system_config(const actor_system_options& options);

  [[nodiscard]] event_sink& events() const { return *events_; }

private:
  event_sink_ptr events_;
};

/// Where actors of `system` report to. A sink that says nothing when the system was not made from
/// our configuration.
[[nodiscard]] event_sink& events_of(caf::actor_system& system);

}  // namespace libagent::actors
