#include "actors/journal.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/tasks/stored_record.hpp"
#include "libagent/telemetry/journal_events.hpp"

#include <caf/send.hpp>

#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

/// A pending CAF timer keeps the actor, and with it the system's shutdown, waiting.
constexpr auto upkeep_pause = std::chrono::milliseconds{200};
constexpr std::size_t reported_max = 1'000;

}  // namespace

journal_state_machine::journal_state_machine(journal_actor::pointer self,
                                             journal_actor_options options)
    : self_{self}, options_{std::move(options)}, pruned_{self->clock().now()} {
  LIBAGENT_EXPECTS(options_.access != nullptr);
}

journal_actor::behavior_type journal_state_machine::make_behavior() {
  set_quiet_handlers(self_);
  options_.on_thread_start();
  return {
      [this](commit_atom, const journal_commit& what) { return commit(what); },
      [this](lookup_atom, const task_id& id) { return lookup(id); },
      [this](list_atom, const journal_query& query) { return list(query); },
      [this](status_atom) { return (**options_.access).stats(); },
      [this](wake_atom) { look_after(); },
  };
}

caf::result<void> journal_state_machine::commit(const journal_commit& what) {
  const auto done = options_.access->commit(what.epoch, *what.writes);
  if (!done)
    return to_caf_error(done.error());
  must_sync_ = options_.sync == journal_sync::interval;
  keep_up();
  return caf::unit;
}

caf::result<stored_task> journal_state_machine::lookup(const task_id& id) {
  auto found = (**options_.access).find(id);
  if (!found)
    return to_caf_error(found.error());
  if (!*found)
    return to_caf_error({errc::not_found, "look task up: no task has the id " + to_string(id)});
  report_damage(**found);
  return **std::move(found);
}

/// What has ended is not read at the start: that it was damaged shows when somebody asks.
void journal_state_machine::report_damage(const stored_task& stored) {
  if (!stored.is_damaged || reported_.size() == reported_max ||
      !reported_.insert(stored.task.id).second)
    return;
  const auto what = "task " + to_string(stored.task.id) + ": " + stored.now.failure->context;
  events_of(self_->system()).emit(events::journal_damaged, {{"what", std::string_view{what}}});
}

caf::result<std::vector<task_record>> journal_state_machine::list(const journal_query& query) {
  const auto found = (**options_.access).list(query);
  if (!found)
    return to_caf_error(found.error());
  std::vector<task_record> records;
  records.reserve(found->size());
  for (const auto& stored : *found) {
    report_damage(stored);
    records.push_back(record_of(stored));
  }
  return records;
}

/// There is something to do a while after a commit.
void journal_state_machine::keep_up() {
  const bool prunes = self_->clock().now() - pruned_ >= options_.prune_interval;
  if (timer_runs_ || (!must_sync_ && !prunes))
    return;
  timer_runs_ = true;
  const auto pause = must_sync_ ? options_.sync_interval : upkeep_pause;
  caf::delayed_anon_send(caf::actor_cast<journal_actor>(self_), pause, wake_atom_v);
}

void journal_state_machine::look_after() {
  timer_runs_ = false;
  auto report = [this](const error& why) {
    events_of(self_->system())
        .emit(events::journal_upkeep_failed, {{"reason", std::string_view{why.context}}});
  };
  if (std::exchange(must_sync_, false)) {
    if (auto done = (**options_.access).sync(); !done)
      report(done.error());
  }
  const auto present = self_->clock().now();
  if (present - pruned_ < options_.prune_interval)
    return;
  const auto removed = (**options_.access).prune(options_.unix_time());
  if (!removed)
    report(removed.error());
  if (removed && *removed > 0) {
    // The rest at once, but commits that wait go first.
    timer_runs_ = true;
    caf::anon_send(caf::actor_cast<journal_actor>(self_), wake_atom_v);
  } else {
    pruned_ = present;
  }
}

}  // namespace libagent::actors
