#include "actors/memory_monitor.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/memory/ladder.hpp"
#include "libagent/telemetry/memory_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace libagent::actors {

memory_monitor_state::memory_monitor_state(memory_monitor_actor::pointer self,
                                           std::shared_ptr<memory_probe> probe,
                                           memory_monitor_options options)
    : self_{self},
      probe_{std::move(probe)},
      options_{std::move(options)},
      gauge_{options_.budget_bytes, options_.thresholds},
      trims_{options_.release_pause} {
  LIBAGENT_EXPECTS(probe_ != nullptr);
  LIBAGENT_EXPECTS(options_.interval > duration::zero());
  status_.budget_bytes = options_.budget_bytes;
  for (const auto& path : options_.subscribers)
    subscribers_.push_back({path});
}

memory_monitor_actor::behavior_type memory_monitor_state::make_behavior() {
  set_quiet_handlers(self_);
  tick();
  return {
      [this](status_atom) { return status(); },
      [this](phase_atom, const std::string& phase) { phases_.enter(phase, self_->clock().now()); },
      [this](allocation_failed_atom) {
        note_failures(1);
        sample();
      },
      [this](wake_atom) { sample(); },
  };
}

// CAF's periodic timers are unreliable, so each tick asks for the next one.
void memory_monitor_state::tick() {
  sample();
  self_->run_delayed(options_.interval, [this] { tick(); });
}

void memory_monitor_state::sample() {
  const auto before = status_.level;
  if (options_.take_allocation_failures)
    note_failures(options_.take_allocation_failures());
  promised_ = options_.ledger ? options_.ledger->promised() : 0;
  if (const auto reading = probe_->read()) {
    take(*reading);
  } else {
    report_failure(reading.error());
  }
  publish(status_.level != before);
  if (status_.level != before)
    report_change(before);
  act(before);
}

void memory_monitor_state::note_failures(std::uint64_t count) {
  if (count == 0)
    return;
  status_.actions.allocation_failures += count;
  (void)gauge_.note_allocation_failure(self_->clock().now());
}

/// What is the monitor's own to do; the subscribers do the rest.
void memory_monitor_state::act(pressure_level before) {
  const auto now = self_->clock().now();
  const auto is_wanted = options_.ledger && options_.ledger->is_trim_wanted();
  if (trims_.is_due(before, status_.level, now, is_wanted) && options_.release_free_memory) {
    options_.release_free_memory();
    if (options_.ledger)
      options_.ledger->note_trim();
    ++status_.actions.trims;
  }
  if (releases_reserve(status_.level) && options_.release_reserve && options_.release_reserve())
    ++status_.actions.reserve_released;
  if (status_.level != before && refills_reserve(status_.level) && options_.keep_reserve)
    options_.keep_reserve(status_.level != pressure_level::normal);
}

void memory_monitor_state::take(const memory_reading& reading) {
  const auto now = self_->clock().now();
  has_failed_ = false;
  status_.level = gauge_.update(reading, now, promised_);
  status_.cause = gauge_.cause();
  status_.used_bytes = reading.resident_bytes;
  status_.available_bytes = reading.available_bytes;
  status_.peak_bytes = std::max(status_.peak_bytes, reading.resident_bytes);
  ++status_.samples;
  phases_.sample(reading.resident_bytes, now);
  if (options_.ledger)
    options_.ledger->update(std::max(reading.resident_bytes, reading.group_bytes.value_or(0)));
}

memory_status memory_monitor_state::status() const {
  auto shown = status_;
  shown.phases = phases_.list();
  if (options_.ledger)
    shown.reserved_bytes = options_.ledger->reserved();
  return shown;
}

void memory_monitor_state::report_failure(const error& failure) {
  if (std::exchange(has_failed_, true))
    return;
  const auto reason = to_string(failure);
  events_of(self_->system())
      .emit(events::memory_probe_failed, {{"reason", std::string_view{reason}}});
}

void memory_monitor_state::report_change(pressure_level before) const {
  events_of(self_->system())
      .emit(events::memory_level_changed, {{"level", name_of(status_.level)},
                                           {"was", name_of(before)},
                                           {"cause", name_of(status_.cause)},
                                           {"used_bytes", status_.used_bytes},
                                           {"budget_bytes", status_.budget_bytes},
                                           {"available_bytes", status_.available_bytes}});
}

void memory_monitor_state::publish(bool has_changed) {
  for (auto& [path, last_seen] : subscribers_) {
    const auto who = find_any(self_->system(), path);
    const auto id = who ? who->id() : caf::actor_id{0};
    if (id != 0 && (has_changed || id != last_seen)) {
      caf::anon_send<caf::message_priority::high>(caf::actor_cast<caf::actor>(who), pressure_atom_v,
                                                  status_.level);
    }
    last_seen = id;
  }
}

}  // namespace libagent::actors
