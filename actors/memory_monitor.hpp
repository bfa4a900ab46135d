#pragma once

/// Watches how much memory is in use, and tells others how short it is.

#include "actors/protocol/interfaces.hpp"
#include "libagent/memory/memory_ledger.hpp"
#include "libagent/memory/phase_book.hpp"
#include "libagent/memory/pressure_gauge.hpp"
#include "libagent/memory/trim_schedule.hpp"
#include "libagent/ports/memory_probe.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::actors {

struct memory_monitor_options {
  std::uint64_t budget_bytes = 0;  ///< See `derive_budget`. Must be positive.
  duration interval = std::chrono::milliseconds{100};
  pressure_thresholds thresholds;
  /// Paths in the directory of the actors to tell; each must take `(pressure_atom, level)`. A path
  /// may lead nowhere for now.
  std::vector<std::string> subscribers;
  /// Asks the allocator to give freed memory back. Must return at once; empty: nothing is asked.
  std::function<void()> release_free_memory;
  duration release_pause = std::chrono::seconds{2};
  std::shared_ptr<memory_ledger> ledger;  ///< Told of every sample; null: nobody reserves.
  /// Gives up the memory that is kept for emergencies; returns whether there was some. Empty: none
  /// is kept.
  std::function<bool()> release_reserve;
  /// Takes it back; `resident`: with its pages, since it may be needed soon.
  std::function<void(bool resident)> keep_reserve;
  /// Allocations that failed since the last call, anywhere in the process. Empty: nobody counts.
  std::function<std::uint64_t()> take_allocation_failures;
};

/// **Messages**: `status` -> what was seen last: level, use, peak, samples, reservations, phases,
/// what was done. From executors: `phase, name`: samples are filed under this name from now on;
/// `allocation_failed`: memory ran out in a tool, which makes the level critical at once.
///
/// Every `interval` it reads the probe and works out the level (see `pressure_gauge`). A change
/// goes to every subscriber, at high priority. A subscriber that was restarted is a new actor: it
/// is told the present level with the next sample, without asking.
///
/// **Blocking**: a reading takes tens of microseconds. Run it detached: a busy pool must not delay
/// the one who says that it is too busy. **Errors**: a reading that fails leaves the level as it
/// was, is reported once, and the next one is tried in time.
/// **Failure**: a restart begins at level normal and rises again within seconds; peak and samples
/// start anew. Restart kind: permanent.
class memory_monitor_state {
public:
  static inline const char* name = "libagent.memory_monitor";

  /// @pre `probe` is set, `options.budget_bytes` and `options.interval` positive.
  memory_monitor_state(memory_monitor_actor::pointer self, std::shared_ptr<memory_probe> probe,
                       memory_monitor_options options);

  [[nodiscard]] memory_monitor_actor::behavior_type make_behavior();

private:
  struct subscriber {
    std::string path;
    caf::actor_id last_seen = 0;
  };

  void tick();
  void sample();
  void take(const memory_reading& reading);
  void note_failures(std::uint64_t count);
  void act(pressure_level before);
  [[nodiscard]] memory_status status() const;
  void report_failure(const error& failure);
  void report_change(pressure_level before) const;
  void publish(bool has_changed);

  memory_monitor_actor::pointer self_;
  std::shared_ptr<memory_probe> probe_;
  memory_monitor_options options_;
  pressure_gauge gauge_;
  trim_schedule trims_;
  std::vector<subscriber> subscribers_;
  phase_book phases_;
  std::uint64_t promised_ = 0;
  memory_status status_;
  bool has_failed_ = false;
};

using memory_monitor_impl = memory_monitor_actor::stateful_impl<memory_monitor_state>;

}  // namespace libagent::actors
