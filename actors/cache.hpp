#pragma once

/// Keeps answers that are expensive to compute, and makes askers of the same one share it.

#include "actors/protocol/interfaces.hpp"
#include "libagent/base/random.hpp"
#include "libagent/cache/cache_store.hpp"
#include "libagent/cache/expiry_rule.hpp"
#include "libagent/cache/lru_policy.hpp"
#include "libagent/cache/pressure_sizing.hpp"
#include "libagent/cache/single_flight.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace libagent::actors {

struct cache_options {
  cache_store_options store;
  std::function<std::unique_ptr<eviction_policy>()> make_policy = [] {
    return std::make_unique<lru_policy>();
  };
  expiry_rule expiry;
  pressure_sizing_limits sizing;
  std::size_t flights_max = 10'000;   ///< Keys being computed at one time.
  std::size_t waiters_max = 100'000;  ///< Askers waiting, over all keys.
  std::uint32_t failures_max = 3;     ///< Failed computations in a row before all waiters fail.
  std::size_t key_bytes_max = 16ULL << 10U;
  duration wait_max = std::chrono::hours{1};  ///< Longer wait limits are cut to it.
  duration tick = std::chrono::milliseconds{50};
  std::uint64_t seed = 0;  ///< For the jitter of expiry; a restart continues elsewhere.
};

/// **Messages**, from anybody in the process:
/// - `acquire, key, limit` -> a hit; or `compute` with a token, to the first asker of a key that
///   is absent; or, to the askers after it, one of the two once the computation has ended. `limit`
///   is for how long the asker waits, and for how long it may compute if that falls to it; after
///   it the next waiter is told to compute. Errors: `deadline_exceeded` after `limit`;
///   `overloaded` (too many flights or waiters), `too_large` (the key); the computation's own
///   error when it failed `failures_max` times in a row.
/// - `fulfil, key, token, value, ttl` ends a computation: all who wait get the value, and it is
///   stored if it fits. A `ttl` of zero means the default. Errors: `not_found` when `token` is not
///   the present one, because the asker took too long, or the key was erased or put meanwhile;
///   nothing is stored then.
/// - `abandon, key, token, error`: the computation failed; one waiter is told to compute. Errors:
///   as fulfil.
/// - `get, key` -> the value. Errors: `not_found`. Never waits.
/// - `put, key, value, ttl` stores, and answers those who wait for the key. Errors: `too_large`,
///   `overloaded` (a shrink is in progress). No error when the cache is off.
/// - `erase, key` -> whether there was a value. A computation under way is revoked: its value
///   may be of before the erase, so the next waiter computes anew.
/// - `resize, bytes` sets the capacity, 0 for off; under memory pressure it is an upper bound.
/// - `status` -> counters.
///
/// From the memory monitor `pressure, level`: see `pressure_sizing`.
///
/// A cache that is off still makes askers share computations.
///
/// **Mailbox**: unbounded; a handler takes microseconds. Evictions go in slices of 128
/// entries or 8 MiB, between which look-ups have their turn. Run it detached: many wait for it.
/// **Timers**: one, every `tick`; waits end, and leaders are replaced, at most one tick late.
/// **Failure**: a restart loses all values and breaks the promises of who waits
/// (`unavailable`); computations under way end in `not_found`. Restart kind: permanent.
class cache_state {
public:
  static inline const char* name = "libagent.cache";

  cache_state(cache_actor::pointer self, cache_options options);

  [[nodiscard]] cache_actor::behavior_type make_behavior();

private:
  using waiter = caf::typed_response_promise<cache_answer>;
  using flight_table = single_flight<waiter>;

  [[nodiscard]] caf::result<cache_answer> acquire(const std::string& key, duration limit);
  [[nodiscard]] caf::result<void> fulfil(const std::string& key, std::uint64_t token,
                                         std::string value, duration ttl);
  [[nodiscard]] caf::result<void> abandon(const std::string& key, std::uint64_t token,
                                          const error& why);
  [[nodiscard]] caf::result<std::string> get(const std::string& key);
  [[nodiscard]] caf::result<void> put(const std::string& key, std::string value, duration ttl);
  [[nodiscard]] bool erase(const std::string& key);
  [[nodiscard]] cache_stats stats() const;

  put_outcome store(const std::string& key, std::string value, duration ttl);
  static void tell_to_compute(flight_table::promotion next);

  void tick();
  void set_capacity(std::uint64_t bytes);
  /// Drops one slice of what is too old or over the capacity; waiting messages go before the next.
  void catch_up();

  [[nodiscard]] time_point now() const;

  cache_actor::pointer self_;
  cache_options options_;
  seeded_random random_;
  cache_store store_;
  flight_table flights_;
  pressure_sizing sizing_;
  bool is_behind_ = false;  // The message to itself that continues is on its way.
};

using cache_impl = cache_actor::stateful_impl<cache_state>;

}  // namespace libagent::actors
