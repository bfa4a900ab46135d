// The part of the simulated world that starts and kills the process, and keeps its disk.

#include "apps/lab/simulation_world.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace libagent::lab {

namespace {

using namespace std::chrono_literals;

constexpr route_id route_of_nodes = 2;
constexpr sim_time shutdown_grace = 500ms;
const error disk_is_full{errc::unavailable, "no space left on the disk"};
const error answer_was_lost{errc::unavailable, "the journal is being restarted"};
const error sync_has_failed{errc::io_failed, "sync: input/output error"};

}  // namespace

void simulation_world::start_process() {
  if (process_)
    return;
  ++incarnation_;
  trace("process " + std::to_string(incarnation_) + " begins");
  ledger_.check_start(disk_);
  sync_fails_ = false;
  is_ending_ = false;
  process_.emplace(simulated_process::makings{.surroundings = *this,
                                              .plan = plan_,
                                              .dice = dice_,
                                              .disk = disk_,
                                              .ledger = ledger_,
                                              .incarnation = incarnation_});
  process_->resume(std::exchange(crashes_, {}), now());
  for (auto& each : executors_) {
    if (!each.is_node)
      each.is_there = true;
    if (each.is_there)
      attach(each);
  }
  process_->core.pump_all(now());
}

void simulation_world::attach(executor& who) {
  who.begun = 0;
  who.id = process_->core.add_executor(who.credit, who.is_node ? "node" : "");
  for (const auto route : who.routes)
    process_->core.serve(who.id, route, now());
}

/// All but the disk is gone. Whether the commit under way came through is a matter of luck.
void simulation_world::end_process() {
  if (commit_ && dice_.chance(0.5))
    apply_commit();
  commit_.reset();
  wake_at_.reset();
  process_.reset();
  trace("the process is gone");
  for (auto& run : runs_) {
    if (!executors_[run.on].is_node)
      run.is_gone = true;
  }
  clients_lose_process();
  push(1ms + dice_.time(300ms), sim_event::process_starts, 0);
}

void simulation_world::kill(sim_fault how) {
  count(how);
  trace("FAULT: " + std::string{libagent::name_of(how)});
  end_process();
  if (how != sim_fault::power_cut)
    return;
  for (const auto& lost : disk_.lose(dice_.below(disk_.unsynced() + 1)))
    ledger_.release(job_of(*lost.task.arguments));
}

/// Of what the process sent in this event, the last part never left it.
void simulation_world::forget_part_of_event(std::uint64_t first_number) {
  const auto kept_until = first_number + dice_.below(next_number_ - first_number + 1);
  const auto is_forgotten = [kept_until](const event& each) {
    const bool is_sent =
        each.kind == sim_event::run_arrives ||
        (each.kind >= sim_event::hears_accepted && each.kind <= sim_event::hears_unsure);
    return is_sent && each.number >= kept_until;
  };
  const auto had_commit = std::ranges::any_of(events_, [kept_until](const event& each) {
    return each.kind == sim_event::commit_done && each.number >= kept_until;
  });
  if (had_commit)
    commit_.reset();
  std::vector<event> kept;
  for (const auto& each : events_) {
    if (!is_forgotten(each))
      kept.push_back(each);
  }
  events_.clear();
  for (const auto& each : kept) {
    events_.push_back(each);
    std::ranges::push_heap(events_, [](const event& a, const event& b) {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    });
  }
}

void simulation_world::begin_commit() {
  commit_ = process_->outbox.next(now().steady);
  if (commit_)
    push(10us + dice_.time(plan_.slowest_commit), sim_event::commit_done, 0, incarnation_);
}

void simulation_world::apply_commit() {
  disk_.commit(*commit_->writes, plan_.sync == journal_sync::group);
}

void simulation_world::commit_done() {
  const auto batch = *commit_;
  auto fail = [&](sim_fault kind, const error& why) {
    count(kind);
    trace("FAULT: " + std::string{libagent::name_of(kind)});
    commit_.reset();
    process_->core.journal_failed(batch.number, why, now());
  };
  if (time_ < disk_full_until_)
    return fail(sim_fault::disk_full, disk_is_full);
  if (sync_fails_) {
    if (dice_.chance(0.5))
      apply_commit();
    push(dice_.time(1s), sim_event::process_must_end, 0, incarnation_);
    return fail(sim_fault::sync_failure, sync_has_failed);
  }
  apply_commit();
  if (faults_come() && dice_.chance(plan_.commit_lost))
    return fail(sim_fault::commit_lost, answer_was_lost);
  commit_.reset();
  process_->core.journal_committed(batch.number, now());
}

void simulation_world::fault(const planned_fault& what) {
  switch (what.kind) {
    case sim_fault::disk_full: disk_full_until_ = time_ + what.lasts; return;
    case sim_fault::sync_failure: sync_fails_ = process_.has_value(); return;
    case sim_fault::executor_lost:
      return lose(static_cast<std::uint32_t>(dice_.below(3)), what.lasts);
    case sim_fault::node_lost:
      if (plan_.nodes > 0)
        lose(3 + static_cast<std::uint32_t>(dice_.below(plan_.nodes)), what.lasts);
      return;
    case sim_fault::clock_jump: {
      constexpr std::uint64_t six_hours_ms = 6ULL * 3'600 * 1'000;
      count(what.kind);
      wall_offset_ = static_cast<unix_millis>(dice_.below(2 * six_hours_ms)) -
                     static_cast<unix_millis>(six_hours_ms);
      return;
    }
    case sim_fault::shutdown:
      if (!process_ || is_ending_)
        return;
      count(what.kind);
      is_ending_ = true;
      process_->core.suspend(now());
      return push(shutdown_grace, sim_event::process_must_end, 0, incarnation_);
    default: return;
  }
}

/// Its thread, or the other node, may go on for a while without knowing.
void simulation_world::lose(std::uint32_t index, sim_time for_how_long) {
  auto& who = executors_.at(index);
  if (!who.is_there)
    return;
  count(who.is_node ? sim_fault::node_lost : sim_fault::executor_lost);
  who.is_there = false;
  for (auto& run : runs_) {
    if (run.on == index && !run.is_gone && (dice_.chance(0.5) || (!who.is_node && !run.has_begun)))
      run.is_gone = true;
  }
  push(for_how_long, sim_event::executor_back, index);
  if (!process_)
    return;
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  process_->core.lose_executor(who.id, who.is_node ? all : who.begun,
                               {errc::unavailable, "it was lost"}, now());
  if (process_->core.servers(route_of_nodes) == 0)
    process_->core.fail_queued(route_of_nodes, {errc::unavailable, "no node has it"}, now());
}

}  // namespace libagent::lab
