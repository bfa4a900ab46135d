#pragma once

/// The level of the cache that survives a restart: slower, larger, behind the memory.

#include "actors/bridge/wall_clock.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/ports/cache_level.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace libagent::actors {

/// Opens a level, on the thread that will use it.
using cache_level_opener = std::function<expected<std::unique_ptr<cache_level>>()>;

struct cache_disk_options {
  cache_level_opener open;  ///< Called again after a failure.
  duration reopen_after = std::chrono::seconds{10};
  /// How long after a use it does what can wait, a slice at a time.
  duration maintain_after = std::chrono::milliseconds{200};
  std::function<unix_millis()> unix_time = system_unix_time;
};

/// **Messages**, from the shards of the cache: `get, name` -> the value, with its times on this
/// process's clock; `put, name, value` stores it; `erase, name`; `status`. Errors: `not_found`
/// (also when it is too old, or damaged); `unavailable` while the level cannot be opened, which is
/// tried again; `io_failed`.
/// **Mailbox**: bounded by the shards, which limit their writes under way.
/// **Failure**: blocks on files, so run it detached. Bad storage never ends it: the cache does
/// without this level meanwhile. A restart opens the level again and loses nothing but counters.
class cache_disk_state {
public:
  static inline const char* name = "libagent.cache_disk";

  /// @pre `options.open` is set.
  cache_disk_state(cache_disk_actor::pointer self, cache_disk_options options);

  [[nodiscard]] cache_disk_actor::behavior_type make_behavior();

private:
  [[nodiscard]] caf::result<stored_value> get(const cache_name& what);
  [[nodiscard]] caf::result<void> put(const cache_name& what, const stored_value& value);
  [[nodiscard]] caf::result<void> erase(const cache_name& what);

  /// The level, opened if need be; null when that failed lately.
  [[nodiscard]] cache_level* level();
  void maintain_soon();
  void maintain();
  void tell_trouble(const error& why);
  [[nodiscard]] clock_reading now() const;

  cache_disk_actor::pointer self_;
  cache_disk_options options_;
  std::unique_ptr<cache_level> level_;
  time_point try_again_at_ = time_point::min();
  std::uint64_t restarts_told_ = 0;
  bool is_maintenance_due_ = false;
  bool trouble_told_ = false;
};

using cache_disk_impl = cache_disk_actor::stateful_impl<cache_disk_state>;

}  // namespace libagent::actors
