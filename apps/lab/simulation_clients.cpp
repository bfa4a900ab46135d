// The clients of the simulated world.

#include "apps/lab/simulation_world.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace libagent::lab {

namespace {

using namespace std::chrono_literals;

constexpr sim_time way_to_client = 100us;
constexpr std::uint32_t polls_after_end_max = 2;
constexpr sim_time longest_pause = 1h;

std::string sim_result_of(std::size_t job, std::uint32_t attempt) {
  return std::to_string(job) + "." + std::to_string(attempt);
}

}  // namespace

// -- what it is told --------------------------------------------------------

std::uint64_t simulation_world::keep(told_fact what) {
  told_.push_back(std::move(what));
  return told_.size() - 1;
}

void simulation_world::tell_accepted(std::size_t job, const task_id& id) {
  push(dice_.time(way_to_client), sim_event::hears_accepted, job, keep({.id = id}));
}

void simulation_world::tell_end(std::size_t job, const task_record& record) {
  if (record.result && record.result->text != sim_result_of(job, record.attempt) &&
      plan_.jobs[job].is_durable) {
    ledger_.fail("job " + std::to_string(job) + ": attempt " + std::to_string(record.attempt) +
                 " ended with the result " + record.result->text);
  }
  push(dice_.time(way_to_client), sim_event::hears_end, job,
       keep({.id = record.id,
             .state = record.state,
             .attempt = record.attempt,
             .text = outcome_text(record.result, record.failure)}));
}

void simulation_world::tell_unknown(std::size_t job, const task_id& id) {
  push(dice_.time(way_to_client), sim_event::hears_unknown, job, keep({.id = id}));
}

void simulation_world::tell_refused(std::size_t job, bool is_sure) {
  push(dice_.time(way_to_client), is_sure ? sim_event::hears_refused : sim_event::hears_unsure,
       job);
}

// -- what it does -----------------------------------------------------------

/// Only the last one that was planned counts.
void simulation_world::submit_after(sim_time pause, std::uint32_t job) {
  push(pause, sim_event::submit, job, ++clients_[job].submits);
}

void simulation_world::submit(std::uint32_t job) {
  auto& who = clients_[job];
  if (who.state != client_state::planned && who.state != client_state::waiting)
    return;
  if (!process_)
    return submit_after(20ms + dice_.time(200ms), job);
  who.state = client_state::waiting;
  if (plan_.jobs[job].is_keyed && faults_come())
    submit_after(300ms + dice_.time(300ms), job);  // Should no answer come.
  process_->submit(job, now());
}

void simulation_world::poll(std::uint32_t job) {
  auto& who = clients_[job];
  const auto& id = ledger_.id_of(job);
  if (!id || (who.state == client_state::done && ++who.polls > polls_after_end_max))
    return;
  who.pause = std::clamp<sim_time>(who.pause * 2, 50ms, longest_pause);
  push(who.pause, sim_event::poll, job);
  if (process_)
    process_->look_up(job, *id);
}

void simulation_world::cancel(std::uint32_t job) {
  if (process_ && ledger_.id_of(job))
    process_->cancel(*ledger_.id_of(job), now());
}

void simulation_world::hear_end(std::uint32_t job, const told_fact& what) {
  trace("job " + std::to_string(job) + " " + short_name(what.id) + ": attempt " +
        std::to_string(what.attempt) + " " + std::string{name_of(what.state)} + " " + what.text);
  ledger_.ended(job, what.id, what.state, what.text);
  auto& who = clients_[job];
  if (who.state == client_state::done)
    return;
  if (who.state != client_state::knows_id && plan_.jobs[job].is_durable)
    push(dice_.time(1s), sim_event::poll, job);
  who.state = client_state::done;
}

/// Without a key it cannot ask again unless it knows that nothing was accepted.
void simulation_world::hear_refused(std::uint32_t job, bool is_sure) {
  auto& who = clients_[job];
  if (who.state != client_state::waiting)
    return;
  if (!is_sure && !plan_.jobs[job].is_keyed) {
    who.state = client_state::gave_up;
    return;
  }
  who.state = client_state::planned;
  submit_after(20ms + dice_.time(200ms), job);
}

void simulation_world::clients_lose_process() {
  for (std::uint32_t job = 0; job < clients_.size(); ++job) {
    if (clients_[job].state == client_state::waiting)
      hear_refused(job, false);
  }
}

}  // namespace libagent::lab
