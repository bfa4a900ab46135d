#include "actors/cache.hpp"

#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

// Actor ids are not used again within a process, so a restarted cache never gives out a token of
// its predecessor.
std::uint64_t first_token_of(caf::actor_id incarnation) {
  return (incarnation << 32U) + 1;
}

cache_answer hit_of(const std::string& value) {
  cache_answer answer;
  answer.value = value;
  return answer;
}

cache_answer order_to_compute(std::uint64_t token) {
  cache_answer answer;
  answer.verdict = cache_verdict::compute;
  answer.token = token;
  return answer;
}

caf::error stale_token(std::string_view what, std::uint64_t token) {
  return to_caf_error({errc::not_found, std::string{what} + " computation " +
                                            std::to_string(token) +
                                            ": it is not the present one of its key"});
}

caf::error key_too_long(std::size_t bytes, std::size_t bytes_max) {
  return to_caf_error({errc::too_large, "acquire: a key of " + std::to_string(bytes) +
                                            " bytes, at most " + std::to_string(bytes_max)});
}

caf::error too_many(std::size_t flights, std::size_t waiters) {
  return to_caf_error({errc::overloaded, "acquire: " + std::to_string(flights) +
                                             " computations and " + std::to_string(waiters) +
                                             " waiters already"});
}

}  // namespace

cache_state::cache_state(cache_actor::pointer self, cache_options options)
    : self_{self},
      options_{std::move(options)},
      random_{options_.seed + self->id()},
      store_{options_.store, options_.make_policy()},
      flights_{{.flights_max = options_.flights_max,
                .waiters_max = options_.waiters_max,
                .failures_max = options_.failures_max,
                .first_token = first_token_of(self->id())}},
      sizing_{options_.store.capacity_bytes, options_.sizing} {}

cache_actor::behavior_type cache_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->run_delayed(options_.tick, [this] { tick(); });
  return {
      [this](acquire_atom, const std::string& key, caf::timespan limit) {
        return acquire(key, limit);
      },
      [this](fulfil_atom, const std::string& key, std::uint64_t token, std::string& value,
             caf::timespan ttl) { return fulfil(key, token, std::move(value), ttl); },
      [this](abandon_atom, const std::string& key, std::uint64_t token, const error& why) {
        return abandon(key, token, why);
      },
      [this](cache_get_atom, const std::string& key) { return get(key); },
      [this](cache_put_atom, const std::string& key, std::string& value, caf::timespan ttl) {
        return put(key, std::move(value), ttl);
      },
      [this](erase_atom, const std::string& key) { return erase(key); },
      [this](resize_atom, std::uint64_t bytes) { set_capacity(sizing_.set_configured(bytes)); },
      [this](status_atom) { return stats(); },
      [this](pressure_atom, pressure_level level) {
        set_capacity(sizing_.set_level(level, store_.charged_bytes(), now()));
      },
      [this](wake_atom) {
        is_behind_ = false;
        catch_up();
      },
  };
}

caf::result<cache_answer> cache_state::acquire(const std::string& key, duration limit) {
  if (key.size() > options_.key_bytes_max)
    return key_too_long(key.size(), options_.key_bytes_max);
  // A key in flight is not in the store: whatever stores it ends the flight.
  const auto* value = flights_.is_in_flight(key) ? nullptr : store_.find(key, now());
  if (value != nullptr)
    return hit_of(*value);
  // From here on only the promise answers: CAF ignores what a handler returns beside it.
  auto reply = self_->make_response_promise<cache_answer>();
  const auto deadline = now() + std::clamp(limit, duration::zero(), options_.wait_max);
  const auto seat = flights_.join(key, reply, deadline);
  switch (seat.what) {
    using enum flight_table::role;
    case leads: reply.deliver(order_to_compute(seat.token)); break;
    case refused: reply.deliver(too_many(flights_.flights(), flights_.waiters())); break;
    case waits: break;
  }
  return reply;
}

caf::result<void> cache_state::fulfil(const std::string& key, std::uint64_t token,
                                      std::string value, duration ttl) {
  auto waiters = flights_.complete(key, token);
  if (!waiters)
    return stale_token("fulfil", token);
  for (auto& reply : *waiters)
    reply.deliver(hit_of(value));
  // Whether it fits is of no interest to who computed it: the askers have it.
  store(key, std::move(value), ttl);
  return caf::unit;
}

caf::result<void> cache_state::abandon(const std::string& key, std::uint64_t token,
                                       const error& why) {
  auto after = flights_.abandon(key, token);
  if (!after.is_current)
    return stale_token("abandon", token);
  if (after.next_leader)
    tell_to_compute(std::move(*after.next_leader));
  for (auto& reply : after.given_up)
    reply.deliver(to_caf_error(why));
  return caf::unit;
}

caf::result<std::string> cache_state::get(const std::string& key) {
  if (const auto* value = store_.find(key, now()))
    return *value;
  return to_caf_error({errc::not_found, "get: no such key in the cache"});
}

caf::result<void> cache_state::put(const std::string& key, std::string value, duration ttl) {
  for (auto& reply : flights_.settle(key))
    reply.deliver(hit_of(value));
  const auto bytes = std::to_string(key.size() + value.size());
  switch (store(key, std::move(value), ttl)) {
    using enum put_outcome;
    case stored:
    case off: return caf::unit;
    case too_large:
      return to_caf_error(
          {errc::too_large, "put: an entry of " + bytes + " bytes does not fit into the cache"});
    case no_room: break;
  }
  return to_caf_error({errc::overloaded, "put: the cache is being shrunk"});
}

bool cache_state::erase(const std::string& key) {
  if (auto next = flights_.revoke(key))
    tell_to_compute(std::move(*next));
  return store_.erase(key);
}

cache_stats cache_state::stats() const {
  const auto& counters = store_.counters();
  return {.policy = std::string{store_.policy_name()},
          .capacity_bytes = store_.capacity_bytes(),
          .charged_bytes = store_.charged_bytes(),
          .entries = store_.entries(),
          .hits = counters.hits,
          .misses = counters.misses,
          .shared_flights = flights_.shared(),
          .evictions = counters.evictions,
          .expirations = counters.expirations,
          .rejections = counters.rejections};
}

put_outcome cache_state::store(const std::string& key, std::string value, duration ttl) {
  if (key.size() > options_.key_bytes_max)
    return put_outcome::too_large;
  const auto outcome =
      store_.put(key, std::move(value), options_.expiry.expires_at(now(), ttl, random_));
  catch_up();
  return outcome;
}

void cache_state::tell_to_compute(flight_table::promotion next) {
  next.waiter.deliver(order_to_compute(next.token));
}

void cache_state::tick() {
  auto overdue = flights_.expire(now());
  const error too_late{errc::deadline_exceeded, "acquire: no value within the wait limit"};
  for (auto& reply : overdue.timed_out)
    reply.deliver(to_caf_error(too_late));
  for (auto& next : overdue.next_leaders)
    tell_to_compute(std::move(next));
  set_capacity(sizing_.advance(now()));
  self_->run_delayed(options_.tick, [this] { tick(); });
}

void cache_state::set_capacity(std::uint64_t bytes) {
  if (bytes != store_.capacity_bytes())
    store_.set_capacity(bytes);
  catch_up();
}

void cache_state::catch_up() {
  if (is_behind_)
    return;
  const auto has_expired = store_.purge_slice(now());
  is_behind_ = store_.evict_slice() || has_expired;
  if (is_behind_)
    caf::anon_send(caf::actor_cast<cache_actor>(self_), wake_atom_v);
}

time_point cache_state::now() const {
  return self_->clock().now();
}

}  // namespace libagent::actors
