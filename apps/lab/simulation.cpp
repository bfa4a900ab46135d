#include "apps/lab/simulation.hpp"

#include "apps/lab/simulation_world.hpp"

#include <algorithm>
#include <utility>

namespace libagent::lab {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t events_max = 20'000;
constexpr unix_millis unix_start = 1'700'000'000'000;
constexpr time_point steady_start{1h};

constexpr std::array<std::string_view, 21> event_names{"a client submits",
                                                       "a client submits another body",
                                                       "a client looks up",
                                                       "a client cancels",
                                                       "a client hears: accepted",
                                                       "a client hears: ended",
                                                       "a client hears: no such task",
                                                       "a client hears: refused",
                                                       "a client hears: unsure",
                                                       "a run arrives",
                                                       "a run acts",
                                                       "a run is told to stop",
                                                       "an answer arrives",
                                                       "an executor is available",
                                                       "an executor is back",
                                                       "fault",
                                                       "the disk is done",
                                                       "the disk syncs",
                                                       "timer",
                                                       "the process starts",
                                                       "the process must end"};

/// Later events sink.
constexpr auto is_later = [](const auto& a, const auto& b) {
  return a.at != b.at ? a.at > b.at : a.number > b.number;
};

std::uint64_t mix_into(std::uint64_t hash, std::uint64_t value) {
  constexpr std::uint64_t fnv_prime = 0x100000001B3ULL;  // FNV-1a (Fowler, Noll, Vo 1991).
  return (hash ^ value) * fnv_prime;
}

}  // namespace

simulation_world::simulation_world(std::uint64_t seed, const simulation_options& options)
    : dice_{seed},
      plan_{plan_simulation(dice_)},
      with_trace_{options.with_trace},
      ledger_{plan_.jobs},
      clients_(plan_.jobs.size()),
      runs_of_job_(plan_.jobs.size()) {
  events_.reserve(128);
  runs_.reserve(64);
  told_.reserve(64);
}

void simulation_world::plan_events() {
  executors_.push_back({.credit = 1 + static_cast<std::uint32_t>(dice_.below(2)), .routes = {0}});
  executors_.push_back({.credit = 1, .routes = {0}});
  executors_.push_back({.credit = 1, .routes = {1}});
  for (std::uint32_t i = 0; i < plan_.nodes; ++i)
    executors_.push_back({.is_node = true, .credit = 2, .routes = {1, 2}});
  for (std::size_t job = 0; job < plan_.jobs.size(); ++job) {
    const auto& what = plan_.jobs[job];
    push(what.submit_at, sim_event::submit, job);
    if (what.cancel_at)
      push(*what.cancel_at, sim_event::cancel, job);
    if (what.asks_otherwise)
      push(what.submit_at + dice_.time(1s), sim_event::submit_otherwise, job);
  }
  for (std::size_t i = 0; i < plan_.faults.size(); ++i)
    push(plan_.faults[i].at, sim_event::fault, i);
  if (plan_.sync == journal_sync::interval) {
    for (sim_time at = 100ms; at < 2 * faults_end; at += 100ms)
      push(at, sim_event::disk_syncs, 0);
  }
}

void simulation_world::push(sim_time after, sim_event kind, std::size_t subject,
                            std::uint64_t detail) {
  events_.push_back({.at = time_ + after,
                     .number = next_number_++,
                     .kind = kind,
                     .subject = static_cast<std::uint32_t>(subject),
                     .detail = detail});
  std::ranges::push_heap(events_, is_later);
}

simulation_world::event simulation_world::take() {
  std::ranges::pop_heap(events_, is_later);
  const auto first = events_.back();
  events_.pop_back();
  return first;
}

instant simulation_world::now() const {
  return {.steady = steady_start + time_,
          .unix_time = unix_start + wall_offset_ +
                       std::chrono::duration_cast<std::chrono::milliseconds>(time_).count()};
}

void simulation_world::trace(const std::string& line) {
  if (!with_trace_)
    return;
  const auto us = std::to_string(time_.count());
  result_.trace.push_back(std::string(us.size() < 10 ? 10 - us.size() : 0, ' ') + us + " us  " +
                          line);
}

void simulation_world::note(const event& what) {
  result_.trace_hash = mix_into(result_.trace_hash, static_cast<std::uint64_t>(what.at.count()));
  result_.trace_hash = mix_into(result_.trace_hash, static_cast<std::uint64_t>(what.kind));
  result_.trace_hash = mix_into(result_.trace_hash, what.subject);
  if (with_trace_ && what.kind != sim_event::wake && what.kind != sim_event::disk_syncs) {
    trace(std::string{event_names.at(static_cast<std::size_t>(what.kind))} + " [" +
          std::to_string(what.subject) + "]");
  }
}

bool simulation_world::is_for_process(sim_event kind) {
  switch (kind) {
    using enum sim_event;
    case submit:
    case submit_otherwise:
    case poll:
    case cancel:
    case run_arrives:
    case answer_arrives:
    case commit_done:
    case wake: return true;
    default: return false;
  }
}

std::optional<sim_fault> simulation_world::crash_due() {
  ++process_events_;
  if (!faults_come() || next_crash_ >= plan_.crashes.size() ||
      plan_.crashes[next_crash_].after_events > process_events_)
    return std::nullopt;
  return plan_.crashes[next_crash_++].kind;
}

/// A kill comes before the event, which then finds no process, or in the middle of it.
void simulation_world::dispatch(const event& what) {
  note(what);
  const auto crash =
      process_ && is_for_process(what.kind) ? crash_due() : std::optional<sim_fault>{};
  const bool is_in_event = crash && *crash == sim_fault::kill_in_event;
  if (crash && !is_in_event)
    kill(*crash);
  const auto first_number = next_number_;
  handle(what);
  if (process_)
    settle();
  if (is_in_event && process_) {
    forget_part_of_event(first_number);
    kill(sim_fault::kill_in_event);
  }
}

void simulation_world::handle(const event& what) {
  switch (what.kind) {
    using enum sim_event;
    case fault: return this->fault(plan_.faults.at(what.subject));
    case commit_done:
      if (process_ && commit_ && what.detail == incarnation_)
        this->commit_done();
      return;
    case disk_syncs: return disk_.sync();
    case wake:
      if (process_ && wake_at_ == what.at) {
        wake_at_.reset();
        process_->wake(now());
      }
      return;
    case process_starts: return start_process();
    case process_must_end:
      if (process_ && what.detail == incarnation_)
        end_process();
      return;
    case run_arrives:
    case run_acts:
    case run_stops:
    case answer_arrives:
    case executor_available:
    case executor_back: return run_event(what);
    default: return client_event(what);
  }
}

void simulation_world::client_event(const event& what) {
  switch (what.kind) {
    using enum sim_event;
    case submit:
      if (what.detail == clients_[what.subject].submits)
        this->submit(what.subject);
      return;
    case poll: return this->poll(what.subject);
    case cancel: return this->cancel(what.subject);
    case submit_otherwise:
      if (process_)
        process_->submit_otherwise(what.subject, now());
      return;
    case hears_accepted: {
      auto& who = clients_[what.subject];
      ledger_.acknowledged(what.subject, told_[what.detail].id);
      if (who.state == client_state::waiting || who.state == client_state::gave_up) {
        who.state = client_state::knows_id;
        push(dice_.time(300ms), poll, what.subject);
      }
      return;
    }
    case hears_end: return hear_end(what.subject, told_[what.detail]);
    case hears_unknown:
      clients_[what.subject].state = client_state::done;
      return ledger_.denied(what.subject, told_[what.detail].id);
    case hears_refused: return hear_refused(what.subject, true);
    case hears_unsure: return hear_refused(what.subject, false);
    default: return;
  }
}

/// What the process does at the end of each event.
void simulation_world::settle() {
  if (!commit_)
    begin_commit();
  process_->check_counters();
  if (is_ending_ && process_->core.idle())
    return end_process();
  const auto due = process_->next_due(now());
  if (!due)
    return;
  const auto at = std::max(time_ + 1us, std::chrono::ceil<sim_time>(*due - steady_start));
  if (wake_at_ && *wake_at_ > time_ && *wake_at_ <= at)
    return;
  wake_at_ = at;
  push(at - time_, sim_event::wake, 0);
}

simulation_result simulation_world::run() {
  result_.jobs = static_cast<std::uint32_t>(plan_.jobs.size());
  plan_events();
  start_process();
  settle();
  while (!events_.empty() && !ledger_.violation()) {
    const auto next = take();
    time_ = next.at;
    dispatch(next);
    if (++result_.events > events_max)
      ledger_.fail("it does not come to rest");
  }
  finish();
  return std::move(result_);
}

void simulation_world::finish() {
  if (!ledger_.violation()) {
    ledger_.check_rest(disk_);
    if (process_) {
      process_->check_rest();
    } else {
      ledger_.fail("no process runs");
    }
  }
  if (ledger_.violation())
    trace("WRONG: " + *ledger_.violation());
  result_.violation = ledger_.violation().value_or("");
  result_.acknowledged = static_cast<std::uint32_t>(ledger_.acknowledgements());
  result_.processes = static_cast<std::uint32_t>(incarnation_);
  result_.effects = ledger_.effects_seen();
}

simulation_result simulate(std::uint64_t seed, const simulation_options& options) {
  return simulation_world{seed, options}.run();
}

}  // namespace libagent::lab
