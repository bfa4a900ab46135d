// The half of the dispatcher that watches for tools which hold handlers too long.

#include "actors/bridge/actor_system.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/telemetry/task_events.hpp"

#include <chrono>
#include <string_view>

namespace libagent::actors {

namespace {

std::int64_t whole_ms(duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

/// Workers and blocking handlers have threads of their own, which are there to be held.
bool shares_the_pool(executor_kind kind) {
  return kind == executor_kind::handler || kind == executor_kind::waiter;
}

}  // namespace

/// Judges how long a run held a thread of the pool.
void task_dispatcher_state::note_hold(const task_id& id, duration held) {
  if (held < options_.limits.stalls.counted)
    return;
  const auto* lease = core_.pool().find(id);
  const auto found = lease == nullptr ? runners_.end() : runners_.find(lease->executor);
  if (found == runners_.end())
    return;
  const auto* local = std::get_if<local_runner>(&found->second);
  const auto* entry = core_.table().find(id);
  if (local == nullptr || !shares_the_pool(local->kind) || entry == nullptr)
    return;
  const auto& tool = entry->record.target;
  const auto verdict = core_.note_hold(tool, held);
  if (verdict != stall_verdict::reported && verdict != stall_verdict::moved)
    return;
  auto& events = events_of(self_->system());
  events.emit(
      events::handler_held,
      {{"tool", std::string_view{tool}}, {"held_ms", whole_ms(held)}, {"is_running", false}});
  // An asynchronous tool would begin on the same threads there.
  if (verdict != stall_verdict::moved || local->kind == executor_kind::waiter)
    return;
  resolver_.move_to_batch(tool);
  events.emit(events::tool_moved,
              {{"tool", std::string_view{tool}},
               {"offences", std::uint64_t{options_.limits.stalls.offences_max}}});
}

/// A run that does not end is told of while it holds its handler.
void task_dispatcher_state::look_for_stalls() {
  const auto present = self_->clock().now();
  for (const auto& [address, id] : local_runners_) {
    auto& local = std::get<local_runner>(runners_.at(id));
    if (!shares_the_pool(local.kind))
      continue;
    const time_point since{duration{local.activity->running_since.load(std::memory_order_acquire)}};
    if (since != time_point{} && present - since > options_.limits.stalls.reported)
      report_stall(local, present - since);
  }
}

void task_dispatcher_state::report_stall(local_runner& held, duration since) {
  const auto sequence = held.activity->begun.load(std::memory_order_acquire);
  const auto* lease = core_.pool().with_sequence(sequence);
  if (lease == nullptr || held.reported == sequence)
    return;
  held.reported = sequence;
  if (const auto* entry = core_.table().find(lease->id)) {
    events_of(self_->system())
        .emit(events::handler_held, {{"tool", std::string_view{entry->record.target}},
                                     {"held_ms", whole_ms(since)},
                                     {"is_running", true}});
  }
}

}  // namespace libagent::actors
