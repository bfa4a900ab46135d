// The part of the dispatcher that deals with the journal: loading, committing, and looking up what
// only the journal knows.

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/tasks/stored_record.hpp"
#include "libagent/telemetry/journal_events.hpp"

#include <caf/sec.hpp>

#include <chrono>
#include <ranges>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

caf::error nowhere(const task_id& id) {
  return to_caf_error({errc::not_found, "look task up: no task has the id " + to_string(id)});
}

caf::error journal_restarts() {
  return to_caf_error({errc::unavailable, "reach the journal: it is being restarted"});
}

}  // namespace

// -- loading ----------------------------------------------------------------

/// Blocks: nothing can be decided before what is there is known.
void task_dispatcher_state::resume() {
  if (!options_.journal)
    return;
  const auto begun = self_->clock().now();
  auto loaded = options_.journal->load();
  if (!loaded)
    throw std::runtime_error{"load the journal: " + to_string(loaded.error())};
  epoch_ = loaded->epoch;
  auto& events = events_of(self_->system());
  for (const auto& what : loaded->contents.damage)
    events.emit(events::journal_damaged, {{"what", std::string_view{what}}});
  const auto schedule_count = std::uint64_t{loaded->contents.schedules.size()};
  for (const auto& used : loaded->contents.keys)
    core_.restore_key(used);
  for (auto& planned : loaded->contents.schedules) {
    if (auto kept = schedules_.restore(std::move(planned), now()); !kept)
      events.emit(events::journal_damaged, {{"what", std::string_view{kept.error().context}}});
  }
  std::uint64_t interrupted = 0;
  for (const auto& stored : loaded->contents.tasks) {
    interrupted += stored.now.state == task_state::running ? 1U : 0U;
    if (!is_terminal(stored.now.state))
      resume_task(stored);
  }
  resume_groups(loaded->contents.tasks);
  core_.pump_all(now());
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(self_->clock().now() - begun);
  events.emit(events::journal_resumed, {{"tasks", std::uint64_t{loaded->contents.tasks.size()}},
                                        {"interrupted", interrupted},
                                        {"keys", std::uint64_t{loaded->contents.keys.size()}},
                                        {"schedules", schedule_count},
                                        {"took_ms", std::int64_t{took.count()}}});
  settle();
}

void task_dispatcher_state::resume_task(const stored_task& stored) {
  auto resolved = resolver_.resolve(request_of(stored.task));
  const auto local = resolver_.find_tool(stored.task.target);
  const bool can_run_apart = options_.apart && local && options_.apart(stored.task.target);
  const auto past =
      judge_past_run(stored, options_.limits.incarnation, options_.crashes, can_run_apart);
  if (!resolved)
    return core_.restore(stored, resolved.error(), past, now());
  const bool runs_apart = can_run_apart && (past.suspect || stored.now.crashes > 0);
  if (runs_apart && resolved->runner == task_runner::handler)
    resolved->runner = task_runner::blocking;  // A process is waited for.
  resolved->order.route = route_of(*resolved);
  core_.restore(stored, std::move(resolved->order), past, now());
}

void task_dispatcher_state::resume_groups(const std::vector<stored_task>& tasks) {
  std::vector<const stored_task*> ended;
  for (const auto& stored : tasks) {
    if (is_terminal(stored.now.state))
      ended.push_back(&stored);
  }
  // The youngest first: when a parent goes on, its own parent must be able to hear of it.
  for (const auto& stored : tasks | std::views::reverse) {
    if (!stored.group.empty() && !is_terminal(stored.now.state))
      core_.restore_group(stored, ended, now());
  }
}

// -- committing -------------------------------------------------------------

void task_dispatcher_state::commit_next() {
  if (!options_.journal)
    return;
  const auto batch = outbox_.next(self_->clock().now());
  if (!batch)
    return;
  const auto journal = find<journal_actor>(self_->system(), journal_path);
  if (!journal) {
    core_.journal_failed(batch->number, {errc::unavailable, "the journal is being restarted"},
                         now());
    return;
  }
  self_
      ->request<urgent>(journal, caf::infinite, commit_atom_v,
                        journal_commit{.epoch = epoch_, .writes = batch->writes})
      .then(
          [this, number = batch->number] {
            const bool worked = core_.journal_works();
            core_.journal_committed(number, now());
            note_trouble(worked);
            settle();
          },
          [this, number = batch->number](const caf::error& failure) {
            const bool worked = core_.journal_works();
            core_.journal_failed(number, from_caf_error(failure), now());
            note_trouble(worked);
            settle();
          });
}

/// Trouble is reported when it begins, when it becomes final, and when it is over.
void task_dispatcher_state::note_trouble(bool worked) {
  const bool works = core_.journal_works();
  if (works == worked && !outbox_.is_broken())
    return;
  auto& events = events_of(self_->system());
  if (works) {
    events.emit(events::journal_recovered, {});
  } else {
    events.emit(events::journal_failing, {{"reason", std::string_view{outbox_.trouble()->context}},
                                          {"for_good", outbox_.is_broken()}});
  }
}

// -- looking up -------------------------------------------------------------

caf::result<task_record> task_dispatcher_state::look_in_journal(const task_id& id) {
  if (!options_.journal)
    return nowhere(id);
  const auto journal = find<journal_actor>(self_->system(), journal_path);
  if (!journal)
    return journal_restarts();
  auto answer = self_->make_response_promise<task_record>();
  self_->request<urgent>(journal, caf::infinite, lookup_atom_v, id)
      .then([answer](const stored_task& stored) mutable { answer.deliver(record_of(stored)); },
            [answer](const caf::error& failure) mutable { answer.deliver(failure); });
  return answer;
}

caf::result<void> task_dispatcher_state::watch_ended(const task_id& id, const observer_ref& who) {
  const auto refuse = [who](const caf::error& why) {
    who.observer->on_refused(from_caf_error(why));
  };
  const auto journal =
      options_.journal ? find<journal_actor>(self_->system(), journal_path) : journal_actor{};
  if (!journal) {
    const auto why = options_.journal ? journal_restarts() : nowhere(id);
    refuse(why);
    return why;
  }
  auto answer = self_->make_response_promise<void>();
  self_->request<urgent>(journal, caf::infinite, lookup_atom_v, id)
      .then(
          [answer, who](const stored_task& stored) mutable {
            who.observer->on_change(record_of(stored));
            answer.deliver();
          },
          [answer, refuse](const caf::error& failure) mutable {
            refuse(failure);
            answer.deliver(failure);
          });
  return answer;
}

caf::result<std::vector<task_record>> task_dispatcher_state::list_kept(const journal_query& query) {
  const auto journal =
      options_.journal ? find<journal_actor>(self_->system(), journal_path) : journal_actor{};
  if (!journal) {
    return options_.journal
               ? journal_restarts()
               : to_caf_error({errc::unsupported, "list tasks: this node keeps no journal"});
  }
  return self_->delegate(journal, list_atom_v, query);
}

// -- by hand ----------------------------------------------------------------

caf::result<task_record> task_dispatcher_state::retry(const task_id& id) {
  if (!options_.journal)
    return to_caf_error({errc::unsupported, "run task again: this node keeps no journal"});
  const auto journal = find<journal_actor>(self_->system(), journal_path);
  if (!journal)
    return journal_restarts();
  auto answer = self_->make_response_promise<task_record>();
  self_->request<urgent>(journal, caf::infinite, lookup_atom_v, id)
      .then(
          [this, answer](const stored_task& stored) mutable {
            revive(stored, std::move(answer));
            settle();
          },
          [answer](const caf::error& failure) mutable { answer.deliver(failure); });
  return answer;
}

void task_dispatcher_state::revive(const stored_task& stored, record_promise answer) {
  auto resolved = resolver_.resolve(request_of(stored.task));
  if (!resolved)
    return answer.deliver(to_caf_error(resolved.error()));
  resolved->order.route = route_of(*resolved);
  const auto revived = core_.revive(stored, std::move(resolved->order), now());
  if (!revived)
    return answer.deliver(to_caf_error(revived.error()));
  const auto id = stored.task.id;
  interests_.add_acceptance(id, std::move(answer));
  core_.pump_task(id, now());
}

caf::result<void> task_dispatcher_state::purge(const task_id& id) {
  if (!options_.journal)
    return to_caf_error({errc::unsupported, "purge task: this node keeps no journal"});
  auto answer = self_->make_response_promise<void>();
  const auto purged = core_.purge(id, [answer](const error* failure) mutable {
    if (failure == nullptr)
      return answer.deliver();
    answer.deliver(to_caf_error(*failure));
  });
  if (!purged)
    answer.deliver(to_caf_error(purged.error()));
  return answer;
}

}  // namespace libagent::actors
