// The executors of the simulated world, here and on other nodes, and the tools that they run.

#include "apps/lab/simulation_world.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace libagent::lab {

namespace {

using namespace std::chrono_literals;

}  // namespace

sim_time simulation_world::way_to(const executor& who) {
  return 1us + dice_.time(who.is_node ? sim_time{20ms} : sim_time{50us});
}

/// It is there, and was not lost since.
bool simulation_world::is_of_present(const run_state& run) const {
  const auto& who = executors_[run.on];
  return process_ && run.incarnation == incarnation_ && who.is_there && who.id == run.executor;
}

void simulation_world::hand_out(std::size_t job, const task_entry& task, const lease& held) {
  const auto on = std::ranges::find_if(executors_, [&held](const executor& each) {
    return each.is_there && each.id == held.executor;
  });
  run_state run{.job = job,
                .id = held.id,
                .attempt = held.attempt,
                .sequence = held.sequence,
                .on = static_cast<std::uint32_t>(on - executors_.begin()),
                .executor = held.executor,
                .incarnation = incarnation_,
                .stop = held.stop.get_token(),
                .is_apart = task.is_suspect && plan_.jobs[job].runs_apart && !on->is_node,
                .ignores_stop = dice_.chance(0.2)};
  runs_.push_back(std::move(run));
  trace("job " + std::to_string(job) + " " + short_name(held.id) + ": attempt " +
        std::to_string(held.attempt) + " is handed out");
  push(way_to(*on), sim_event::run_arrives, runs_.size() - 1);
}

void simulation_world::stop(const lease& held) {
  const auto run = std::ranges::find_if(runs_, [this, &held](const run_state& each) {
    return each.incarnation == incarnation_ && each.sequence == held.sequence;
  });
  if (run != runs_.end()) {
    push(way_to(executors_[run->on]), sim_event::run_stops,
         static_cast<std::size_t>(run - runs_.begin()));
  }
}

void simulation_world::run_event(const event& what) {
  switch (what.kind) {
    using enum sim_event;
    case run_arrives: return arrive(what.subject);
    case run_acts: return act(what.subject);
    case answer_arrives: return this->answer_arrives(what.subject);
    case run_stops: {
      auto& run = runs_[what.subject];
      run.is_told_to_stop = true;
      if (!run.has_begun || run.is_gone || run.answer || run.has_acted)
        return;
      if (!run.ignores_stop || plan_.jobs[run.job].tool == sim_tool::hangs)
        answer(what.subject, error{errc::cancelled, "stopped"});
      return;
    }
    case executor_available:
      if (process_ && what.detail == incarnation_)
        process_->core.set_available(executors_[what.subject].id, true, now());
      return;
    case executor_back: {
      auto& who = executors_[what.subject];
      const bool was_there = std::exchange(who.is_there, true);
      if (process_ && !was_there)
        attach(who);
      return;
    }
    default: return;
  }
}

void simulation_world::arrive(std::uint32_t index) {
  auto& run = runs_[index];
  auto& who = executors_[run.on];
  if (run.is_gone || (!who.is_node && !is_of_present(run)))
    return;
  if (!who.is_node && faults_come() && dice_.chance(0.01)) {
    count(sim_fault::executor_refuses);
    run.is_gone = true;
    process_->core.give_back(run.id, run.attempt, now());
    return push(dice_.time(100ms), sim_event::executor_available, run.on, incarnation_);
  }
  run.has_begun = true;
  who.begun = std::max(who.begun, run.sequence);
  ++result_.runs;
  ++runs_of_job_[run.job];
  ledger_.begun(run.job, run.id, run.attempt);
  const auto& job = plan_.jobs[run.job];
  const bool is_stopped = run.is_told_to_stop || (!who.is_node && run.stop.stop_requested());
  if (job.tool != sim_tool::hangs || is_stopped)
    push(job.run_time, sim_event::run_acts, index);
}

void simulation_world::act(std::uint32_t index) {
  auto& run = runs_[index];
  if (run.is_gone || run.answer)
    return;
  run.has_acted = true;
  const bool is_stopped =
      !executors_[run.on].is_node && run.stop.stop_requested() && !run.ignores_stop;
  const auto& job = plan_.jobs[run.job];
  if (is_stopped || job.tool == sim_tool::hangs)
    return answer(index, error{errc::cancelled, "stopped"});
  const bool is_bad = runs_of_job_[run.job] <= job.bad_runs;
  if (job.tool == sim_tool::poisons)
    return act_badly(index);
  if (job.tool == sim_tool::is_down_first && is_bad)
    return answer(index, error{errc::unavailable, "the tool is down"});
  if (job.tool == sim_tool::crashes_first && is_bad)
    return answer(index, error{errc::crashed, "SIGSEGV"});
  ledger_.effect(run.job);
  if (job.tool == sim_tool::fails)
    return answer(index, error{errc::tool_failed, "it went wrong"});
  answer(index, std::to_string(run.job) + "." + std::to_string(run.attempt));
}

/// A process apart falls alone; a node that falls is lost; here all goes down.
void simulation_world::act_badly(std::uint32_t index) {
  const auto run = runs_[index];
  if (run.is_apart)
    return answer(index, error{errc::crashed, "SIGSEGV"});
  count(sim_fault::poison);
  if (executors_[run.on].is_node) {
    runs_[index].is_gone = true;
    return lose(run.on, dice_.time(500ms));
  }
  if (!process_)
    return;
  trace("FAULT: the tool of job " + std::to_string(run.job) + " takes the process down");
  if (dice_.chance(0.7))
    crashes_.push_back({.signal = "SIGSEGV", .task = run.id});
  end_process();
}

void simulation_world::answer(std::uint32_t index, expected<std::string> outcome) {
  auto& run = runs_[index];
  run.answer = std::move(outcome);
  push(way_to(executors_[run.on]), sim_event::answer_arrives, index);
}

void simulation_world::answer_arrives(std::uint32_t index) {
  auto& run = runs_[index];
  const auto& who = executors_[run.on];
  if (run.is_gone || (!who.is_node && run.incarnation != incarnation_))
    return;
  if (!is_of_present(run)) {
    if (!run.is_late && faults_come()) {
      run.is_late = true;
      push(dice_.time(500ms), sim_event::answer_arrives, index);
      return;
    }
    if (!process_)
      return;
    count(sim_fault::late_answer);
  } else if (who.is_node && faults_come() && dice_.chance(0.05)) {
    count(sim_fault::answer_twice);
    push(dice_.time(100ms), sim_event::answer_arrives, index);
  }
  process_->core.complete(run.id, run.attempt, *run.answer, now());
}

}  // namespace libagent::lab
