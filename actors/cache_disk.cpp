#include "actors/cache_disk.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/telemetry/cache_events.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

caf::error level_unavailable() {
  return to_caf_error({errc::unavailable, "use the cache's second level: it cannot be opened"});
}

}  // namespace

cache_disk_state::cache_disk_state(cache_disk_actor::pointer self, cache_disk_options options)
    : self_{self}, options_{std::move(options)} {
  LIBAGENT_EXPECTS(options_.open != nullptr);
}

cache_disk_actor::behavior_type cache_disk_state::make_behavior() {
  set_quiet_handlers(self_);
  return {
      [this](cache_get_atom, const cache_name& what) { return get(what); },
      [this](cache_put_atom, const cache_name& what, const stored_value& value) {
        return put(what, value);
      },
      [this](erase_atom, const cache_name& what) { return erase(what); },
      [this](status_atom) { return level_ ? level_->stats() : cache_level_stats{}; },
  };
}

caf::result<stored_value> cache_disk_state::get(const cache_name& what) {
  auto* const from = level();
  if (from == nullptr)
    return level_unavailable();
  auto found = from->get(what.tenant, what.key, now());
  maintain_soon();
  if (!found) {
    tell_trouble(found.error());
    return to_caf_error(found.error());
  }
  if (!*found)
    return to_caf_error({errc::not_found, "get: no such key in the cache's second level"});
  auto& entry = **found;
  return stored_value{shared_text{std::move(entry.value)}, entry.times, entry.saving};
}

caf::result<void> cache_disk_state::put(const cache_name& what, const stored_value& value) {
  auto* const into = level();
  if (into == nullptr)
    return level_unavailable();
  const auto done =
      into->put(what.tenant, what.key, {value.value.str(), value.times, value.saving}, now());
  maintain_soon();
  if (!done) {
    tell_trouble(done.error());
    return to_caf_error(done.error());
  }
  trouble_told_ = false;
  return caf::unit;
}

caf::result<void> cache_disk_state::erase(const cache_name& what) {
  auto* const from = level();
  if (from == nullptr)
    return level_unavailable();
  if (const auto done = from->erase(what.tenant, what.key); !done) {
    tell_trouble(done.error());
    return to_caf_error(done.error());
  }
  return caf::unit;
}

cache_level* cache_disk_state::level() {
  if (level_ || now().steady < try_again_at_)
    return level_.get();
  if (auto opened = options_.open()) {
    level_ = *std::move(opened);
  } else {
    tell_trouble(opened.error());
    try_again_at_ = now().steady + options_.reopen_after;
  }
  return level_.get();
}

void cache_disk_state::maintain_soon() {
  if (!std::exchange(is_maintenance_due_, true))
    self_->run_delayed(options_.maintain_after, [this] { maintain(); });
}

void cache_disk_state::maintain() {
  is_maintenance_due_ = false;
  if (!level_)
    return;
  const auto more = level_->maintain(now());
  if (!more)
    return tell_trouble(more.error());
  if (*more)
    maintain_soon();
  if (const auto restarts = level_->stats().restarts; restarts > restarts_told_) {
    restarts_told_ = restarts;
    events_of(self_->system()).emit(events::cache_level_restarted, {{"restarts", restarts}});
  }
}

void cache_disk_state::tell_trouble(const error& why) {
  if (std::exchange(trouble_told_, true))
    return;
  events_of(self_->system())
      .emit(events::cache_level_failed, {{"reason", std::string_view{why.context}}});
}

clock_reading cache_disk_state::now() const {
  return {self_->clock().now(), options_.unix_time()};
}

}  // namespace libagent::actors
