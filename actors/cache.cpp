#include "actors/cache.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/paths.hpp"
#include "libagent/base/contract.hpp"

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

cache_answer hit_of(const shared_text& value, cache_outcome outcome) {
  return {.verdict = cache_verdict::hit, .outcome = outcome, .value = value};
}

cache_answer order_to_compute(std::uint64_t token, cache_outcome outcome) {
  return {.verdict = cache_verdict::compute, .outcome = outcome, .token = token};
}

// The length first, so that no pair of tenant and key can be cut differently.
std::string flight_of(const cache_name& what) {
  auto flight = std::to_string(what.tenant.size());
  return flight.append(":").append(what.tenant).append(what.key);
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

policy_factory factory_of(const policy_spec& spec) {
  auto factory = make_policy_factory(spec);
  LIBAGENT_EXPECTS(factory.has_value());
  return *std::move(factory);
}

negative_cache_options keyed_alike(negative_cache_options options, const hash_key& key) {
  options.key = key;
  return options;
}

}  // namespace

cache_state::cache_state(cache_actor::pointer self, cache_options options)
    : self_{self},
      options_{std::move(options)},
      random_{options_.seed + self->id()},
      store_{options_.store, factory_of(options_.policy)},
      failures_{keyed_alike(options_.failures, options_.store.key)},
      flights_{{.flights_max = options_.flights_max,
                .waiters_max = options_.waiters_max,
                .failures_max = options_.failures_max,
                .first_token = first_token_of(self->id()),
                .key = options_.store.key}},
      sizing_{options_.store.capacity_bytes, options_.sizing} {}

cache_actor::behavior_type cache_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->run_delayed(options_.tick, [this] { tick(); });
  return {
      [this](acquire_atom, const cache_ask& ask) { return acquire(ask); },
      [this](fulfil_atom, const cache_name& what, std::uint64_t token, const cache_fill& fill) {
        return fulfil(what, token, fill);
      },
      [this](abandon_atom, const cache_name& what, std::uint64_t token, const error& why) {
        return abandon(what, token, why);
      },
      [this](cache_get_atom, const cache_name& what) { return get(what); },
      [this](cache_get_atom, const std::vector<cache_name>& names) { return get_all(names); },
      [this](cache_put_atom, const cache_name& what, const cache_fill& fill) {
        return put(what, fill);
      },
      [this](erase_atom, const cache_name& what) { return erase(what); },
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

caf::result<cache_answer> cache_state::acquire(const cache_ask& ask) {
  const auto& [tenant, key] = ask.name;
  if (key.size() > options_.key_bytes_max)
    return key_too_long(key.size(), options_.key_bytes_max);
  if (ask.bypass) {
    ++bypassed_;
    return fly(ask);
  }
  if (const auto known = failures_.find(tenant, key, now()))
    return to_caf_error(*known);
  const auto found = store_.find(tenant, key, now());
  if (!found.value)
    return fly(ask);
  return serve(ask, found);
}

// Clamped before it becomes a duration: milliseconds reach further than nanoseconds.
duration cache_state::limit_of(const cache_ask& ask) const {
  const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(options_.wait_max);
  return std::clamp(ask.limit, std::chrono::milliseconds::zero(), longest);
}

cache_answer cache_state::serve(const cache_ask& ask, const cache_found& found) {
  const bool is_stale = found.freshness == cache_freshness::stale;
  auto answer =
      hit_of(shared_text{found.value}, is_stale ? cache_outcome::stale : cache_outcome::hit);
  answer.age = std::chrono::floor<std::chrono::milliseconds>(found.age);
  if (found.freshness == cache_freshness::fresh)
    return answer;
  // The first asker of a value that is old, or will be soon, computes a newer one; the others get
  // the old one meanwhile.
  const auto flight = flight_of(ask.name);
  if (!flights_.is_in_flight(flight))
    answer.token = flights_.join(flight, waiter{}, now() + limit_of(ask)).token;
  return answer;
}

caf::result<cache_answer> cache_state::fly(const cache_ask& ask) {
  // From here on only the promise answers: CAF ignores what a handler returns beside it.
  auto reply = self_->make_response_promise<cache_answer>();
  const auto limit = limit_of(ask);
  auto flight = flight_of(ask.name);
  const auto seat = flights_.join(flight, reply, now() + limit);
  switch (seat.what) {
    using enum flight_table::role;
    case leads:
      if (options_.has_disk && !ask.bypass) {
        ask_disk({ask.name, std::move(flight), seat.token, limit, reply});
      } else {
        const auto outcome = ask.bypass ? cache_outcome::bypassed : cache_outcome::miss;
        reply.deliver(order_to_compute(seat.token, outcome));
      }
      break;
    case refused: reply.deliver(too_many(flights_.flights(), flights_.waiters())); break;
    case waits: break;
  }
  return reply;
}

// The asker leads already: meanwhile others wait for it, not for the disk.
void cache_state::ask_disk(const boarding& first) {
  const auto below = disk();
  if (!below)
    return on_disk_miss(first);
  self_->request(below, options_.disk_patience, cache_get_atom_v, first.name)
      .then([this, first](const stored_value& stored) { on_disk_hit(first, stored); },
            [this, first](const caf::error&) { on_disk_miss(first); });
}

void cache_state::on_disk_hit(const boarding& first, const stored_value& stored) {
  const bool is_fresh = stored.times.freshness(now()) == cache_freshness::fresh;
  auto waiters = is_fresh ? flights_.complete(first.flight, first.token) : std::nullopt;
  if (!waiters)
    return on_disk_miss(first);
  ++disk_hits_;
  auto answer = hit_of(stored.value, cache_outcome::disk_hit);
  answer.age = std::chrono::floor<std::chrono::milliseconds>(now() - stored.times.stored_at);
  for (auto& reply : *waiters)
    reply.deliver(answer);
  auto own = first.reply;
  own.deliver(answer);
  (void)store_as(first.name, {.value = stored.value, .saving = stored.saving}, stored.times);
}

void cache_state::on_disk_miss(const boarding& first) {
  auto reply = first.reply;
  if (flights_.is_led_by(first.flight, first.token))
    return reply.deliver(order_to_compute(first.token, cache_outcome::miss));
  // It lost the lead meanwhile, because the name was erased or put, or its time is up.
  const auto seat = flights_.join(first.flight, reply, now() + first.limit);
  if (seat.what == flight_table::role::leads)
    reply.deliver(order_to_compute(seat.token, cache_outcome::miss));
  if (seat.what == flight_table::role::refused)
    reply.deliver(too_many(flights_.flights(), flights_.waiters()));
}

caf::result<void> cache_state::fulfil(const cache_name& what, std::uint64_t token,
                                      const cache_fill& fill) {
  auto waiters = flights_.complete(flight_of(what), token);
  if (!waiters)
    return stale_token("fulfil", token);
  for (auto& reply : *waiters)
    reply.deliver(hit_of(fill.value, cache_outcome::coalesced));
  // Whether it fits is of no interest to who computed it: the askers have it.
  store(what, fill);
  return caf::unit;
}

caf::result<cache_regret> cache_state::abandon(const cache_name& what, std::uint64_t token,
                                               const error& why) {
  const auto flight = flight_of(what);
  if (!flights_.is_led_by(flight, token))
    return stale_token("abandon", token);
  if (const auto found = store_.find_after_failure(what.tenant, what.key, now()); found.value) {
    const shared_text stale{found.value};
    auto waiters = flights_.complete(flight, token);
    for (auto& reply : *waiters)
      reply.deliver(hit_of(stale, cache_outcome::stale));
    return cache_regret{stale};
  }
  if (failures_.remember(what.tenant, what.key, why, now())) {
    auto waiters = flights_.complete(flight, token);
    for (auto& reply : *waiters)
      reply.deliver(to_caf_error(why));
    return cache_regret{};
  }
  auto after = flights_.abandon(flight, token);
  if (after.next_leader)
    tell_to_compute(std::move(*after.next_leader));
  for (auto& reply : after.given_up)
    reply.deliver(to_caf_error(why));
  return cache_regret{};
}

caf::result<shared_text> cache_state::get(const cache_name& what) {
  if (const auto found = store_.find(what.tenant, what.key, now()); found.value)
    return shared_text{found.value};
  return to_caf_error({errc::not_found, "get: no such key in the cache"});
}

caf::result<std::vector<shared_text>> cache_state::get_all(const std::vector<cache_name>& names) {
  if (names.size() > options_.batch_max) {
    return to_caf_error({errc::too_large, "get: " + std::to_string(names.size()) +
                                              " names at once, at most " +
                                              std::to_string(options_.batch_max)});
  }
  std::vector<shared_text> values;
  values.reserve(names.size());
  store_.prefetch(names);
  const auto at = now();
  for (const auto& [tenant, key] : names) {
    values.emplace_back(store_.find(tenant, key, at).value);
  }
  return values;
}

caf::result<void> cache_state::put(const cache_name& what, const cache_fill& fill) {
  for (auto& reply : flights_.settle(flight_of(what)))
    reply.deliver(hit_of(fill.value, cache_outcome::coalesced));
  const auto bytes = std::to_string(what.key.size() + fill.value.str().size());
  switch (store(what, fill)) {
    using enum put_outcome;
    case stored:
    case off: return caf::unit;
    case too_large:
      return to_caf_error(
          {errc::too_large, "put: an entry of " + bytes + " bytes does not fit into the cache"});
    case tenant_quota:
      return to_caf_error({errc::overloaded, "put: the tenant's share of the cache is used up"});
    case no_room: break;
  }
  return to_caf_error({errc::overloaded, "put: the cache is being shrunk"});
}

bool cache_state::erase(const cache_name& what) {
  if (auto next = flights_.revoke(flight_of(what)))
    tell_to_compute(std::move(*next));
  failures_.forget(what.tenant, what.key);
  if (const auto below = disk())
    caf::anon_send(below, erase_atom_v, what);
  return store_.erase(what.tenant, what.key);
}

cache_stats cache_state::stats() const {
  auto all = to_stats(store_);
  all.shared_flights = flights_.shared();
  // Who found nothing and waited for another's computation is counted there.
  all.misses -= std::min(all.misses, all.shared_flights);
  all.disk_hits = disk_hits_;
  all.bypassed = bypassed_;
  all.remembered_failures = failures_.counters().hits;
  return all;
}

put_outcome cache_state::store(const cache_name& what, const cache_fill& fill) {
  const auto times = options_.expiry.times(now(), fill.ttl, random_);
  failures_.forget(what.tenant, what.key);
  write_to_disk(what, fill, times);
  return store_as(what, fill, times);
}

put_outcome cache_state::store_as(const cache_name& what, const cache_fill& fill,
                                  const cache_times& times) {
  if (what.key.size() > options_.key_bytes_max)
    return put_outcome::too_large;
  const auto outcome =
      store_.put(what.tenant, what.key, fill.value.shared(), times, fill.saving, now());
  catch_up();
  return outcome;
}

void cache_state::write_to_disk(const cache_name& what, const cache_fill& fill,
                                const cache_times& times) {
  const auto below = options_.has_disk ? disk() : cache_disk_actor{};
  if (!below || disk_writes_ >= options_.disk_writes_max)
    return;
  ++disk_writes_;
  self_
      ->request(below, caf::infinite, cache_put_atom_v, what,
                stored_value{fill.value, times, fill.saving})
      .then([this] { --disk_writes_; }, [this](const caf::error&) { --disk_writes_; });
}

cache_disk_actor cache_state::disk() const {
  return find<cache_disk_actor>(self_->system(), cache_disk_path);
}

void cache_state::set_capacity(std::uint64_t bytes) {
  if (bytes != store_.capacity_bytes())
    store_.set_capacity(bytes);
  catch_up();
}

void cache_state::tell_to_compute(flight_table::promotion next) {
  next.waiter.deliver(order_to_compute(next.token, cache_outcome::miss));
}

void cache_state::tick() {
  auto overdue = flights_.expire(now());
  const error too_late{errc::deadline_exceeded, "acquire: no value within the wait limit"};
  for (auto& reply : overdue.timed_out)
    reply.deliver(to_caf_error(too_late));
  for (auto& next : overdue.next_leaders)
    tell_to_compute(std::move(next));
  set_capacity(sizing_.advance(now(), {store_.charged_bytes(), store_.advice(now())}));
  self_->run_delayed(options_.tick, [this] { tick(); });
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
