#pragma once

/// Keeps answers that are expensive to compute, and makes askers of the same one share it.

#include "actors/protocol/interfaces.hpp"
#include "libagent/base/random.hpp"
#include "libagent/cache/cache_store.hpp"
#include "libagent/cache/expiry_rule.hpp"
#include "libagent/cache/negative_cache.hpp"
#include "libagent/cache/policy_catalog.hpp"
#include "libagent/cache/pressure_sizing.hpp"
#include "libagent/cache/single_flight.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace libagent::actors {

struct cache_options {
  cache_store_options store;
  policy_spec policy;
  expiry_rule expiry;
  negative_cache_options failures;
  cache_sizing_limits sizing;
  std::size_t flights_max = 10'000;   ///< Names being computed at one time.
  std::size_t waiters_max = 100'000;  ///< Askers waiting, over all names.
  std::uint32_t failures_max = 3;     ///< Failed computations in a row before all waiters fail.
  std::size_t key_bytes_max = 16ULL << 10U;
  std::size_t batch_max = 4'096;              ///< Names in one `get`.
  duration wait_max = std::chrono::hours{1};  ///< Longer wait limits are cut to it.
  duration tick = std::chrono::milliseconds{50};
  bool has_disk = false;  ///< Ask the second level at `cache_disk_path` before computing.
  duration disk_patience = std::chrono::milliseconds{250};  ///< For its answer.
  std::size_t disk_writes_max = 1'000;  ///< Values on their way to the disk; more are not written.
  std::uint64_t seed = 0;  ///< For jitter and early refreshes; a restart continues elsewhere.
};

/// **Messages**, from anybody in the process:
/// - `acquire, ask` -> a hit, or the order to compute with a token, or, for the askers after the
///   first one of an absent name, one of the two once the computation has ended. A hit with a
///   token is to be served and then computed again: it is stale, or will be soon. `limit` is for
///   how long the asker waits, and for how long it may compute if that falls to it; after it the
///   next waiter is told to compute. Errors: `deadline_exceeded` after `limit`; `overloaded` (too
///   many flights or waiters), `too_large` (the key); the computation's own error when it failed
///   `failures_max` times in a row, or when trying again cannot help (see `negative_cache`).
/// - `fulfil, name, token, fill` ends a computation: all who wait get the value, and it is stored
///   if it fits. Errors: `not_found` when `token` is not the present one, because the asker took
///   too long, or the name was erased or put meanwhile; nothing is stored then.
/// - `abandon, name, token, error`: the computation failed. When an older value may stand in for
///   it, everybody who waits gets that, and the answer has it; otherwise one waiter is told to
///   compute. Errors: as fulfil.
/// - `get, name` -> the value. Errors: `not_found`. Never waits.
/// - `get, names` -> the values in the same order, null pointers for what is absent. Errors:
///   `too_large` for more than `batch_max`.
/// - `put, name, fill` stores, and answers those who wait for the name. Errors: `too_large`,
///   `overloaded` (a shrink is in progress, or the tenant's quota is used up).
/// - `erase, name` -> whether there was a value. A computation under way is revoked: its value
///   may be of before the erase, so the next waiter computes anew.
/// - `resize, bytes` sets the capacity, 0 for off; under memory pressure it is an upper bound.
/// - `status` -> counters.
///
/// From the memory monitor `pressure, level`: see `pressure_sizing`. Without pressure the cache
/// grows up to its ceiling where the advisor says that more room is worth it.
///
/// A cache that is off still makes askers share computations.
///
/// **Levels**: with `has_disk` the first asker of a name that is not in memory is told to compute
/// only when the second level has it not, or does not answer in time. What is stored is written
/// there too, and erased.
/// **Mailbox**: unbounded; a handler takes microseconds. Evictions go in slices, between which
/// look-ups have their turn. Run it detached: many wait for it.
/// **Timers**: one, every `tick`; waits end, and leaders are replaced, at most one tick late.
/// **Failure**: a restart loses what is in memory and breaks the promises of who waits
/// (`unavailable`); computations under way end in `not_found`. Restart kind: permanent.
class cache_state {
public:
  static inline const char* name = "libagent.cache";

  cache_state(cache_actor::pointer self, cache_options options);

  [[nodiscard]] cache_actor::behavior_type make_behavior();

private:
  using waiter = caf::typed_response_promise<cache_answer>;
  using flight_table = single_flight<waiter>;

  /// An asker that leads, while the second level is asked.
  struct boarding {
    cache_name name;
    std::string flight;
    std::uint64_t token = 0;
    duration limit{};
    waiter reply;
  };

  [[nodiscard]] caf::result<cache_answer> acquire(const cache_ask& ask);
  [[nodiscard]] duration limit_of(const cache_ask& ask) const;
  [[nodiscard]] cache_answer serve(const cache_ask& ask, const cache_found& found);
  [[nodiscard]] caf::result<cache_answer> fly(const cache_ask& ask);
  void ask_disk(const boarding& first);
  void on_disk_hit(const boarding& first, const stored_value& stored);
  void on_disk_miss(const boarding& first);

  [[nodiscard]] caf::result<void> fulfil(const cache_name& what, std::uint64_t token,
                                         const cache_fill& fill);
  [[nodiscard]] caf::result<cache_regret> abandon(const cache_name& what, std::uint64_t token,
                                                  const error& why);
  [[nodiscard]] caf::result<shared_text> get(const cache_name& what);
  [[nodiscard]] caf::result<std::vector<shared_text>> get_all(const std::vector<cache_name>& names);
  [[nodiscard]] caf::result<void> put(const cache_name& what, const cache_fill& fill);
  [[nodiscard]] bool erase(const cache_name& what);
  [[nodiscard]] cache_stats stats() const;

  put_outcome store(const cache_name& what, const cache_fill& fill);
  put_outcome store_as(const cache_name& what, const cache_fill& fill, const cache_times& times);
  void write_to_disk(const cache_name& what, const cache_fill& fill, const cache_times& times);

  static void tell_to_compute(flight_table::promotion next);

  void tick();
  void set_capacity(std::uint64_t bytes);
  /// Drops one slice of what is too old or over the capacity; waiting messages go before the next.
  void catch_up();

  [[nodiscard]] time_point now() const;
  [[nodiscard]] cache_disk_actor disk() const;

  cache_actor::pointer self_;
  cache_options options_;
  seeded_random random_;
  cache_store store_;
  negative_cache failures_;
  flight_table flights_;
  pressure_sizing sizing_;
  std::uint64_t disk_hits_ = 0;
  std::uint64_t bypassed_ = 0;
  std::size_t disk_writes_ = 0;  // under way
  bool is_behind_ = false;       // The message to itself that continues is on its way.
};

using cache_impl = cache_actor::stateful_impl<cache_state>;

}  // namespace libagent::actors
