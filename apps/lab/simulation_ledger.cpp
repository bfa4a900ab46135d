#include "apps/lab/simulation_ledger.hpp"

#include <algorithm>
#include <charconv>

namespace libagent::lab {

namespace {

std::string job_name(std::size_t job) {
  return "job " + std::to_string(job);
}

}  // namespace

std::size_t job_of(const std::string& arguments) {
  std::size_t job = 0;
  std::from_chars(arguments.data(), arguments.data() + arguments.size(), job);
  return job;
}

std::string short_name(const task_id& id) {
  const auto text = to_string(id);
  return text.substr(text.size() - 6);
}

std::string outcome_text(const std::optional<raw_json>& result,
                         const std::optional<error>& failure) {
  if (result)
    return result->text;
  return failure ? to_string(*failure) : std::string{};
}

simulation_ledger::simulation_ledger(const std::vector<sim_job>& jobs) : facts_(jobs.size()) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    facts_[i].is_durable = jobs[i].is_durable;
    facts_[i].is_once = jobs[i].what == effects::once;
  }
}

void simulation_ledger::fail(std::string what) {
  if (!violation_)
    violation_ = std::move(what);
}

std::size_t simulation_ledger::acknowledgements() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(facts_, [](const job_facts& job) { return job.id.has_value(); }));
}

void simulation_ledger::begun(std::size_t job, const task_id& id, std::uint32_t attempt) {
  auto& facts = facts_.at(job);
  if (!facts.is_released &&
      std::ranges::find(facts.begun, std::pair{id, attempt}) != facts.begun.end()) {
    fail(job_name(job) + ": attempt " + std::to_string(attempt) + " of " + short_name(id) +
         " ran twice");
  }
  facts.begun.emplace_back(id, attempt);
}

void simulation_ledger::effect(std::size_t job) {
  auto& facts = facts_.at(job);
  ++effects_seen_;
  if (++facts.effects > 1 && facts.is_once && !facts.is_released)
    fail(job_name(job) + ": an effect that may happen once happened twice");
}

void simulation_ledger::acknowledged(std::size_t job, const task_id& id) {
  auto& facts = facts_.at(job);
  if (facts.is_released)
    return;
  if (facts.id && *facts.id != id) {
    fail(job_name(job) + ": acknowledged as " + short_name(*facts.id) + ", then as " +
         short_name(id));
  }
  facts.id = id;
}

void simulation_ledger::ended(std::size_t job, const task_id& id, task_state state,
                              const std::string& text) {
  auto& facts = facts_.at(job);
  if (facts.is_released) {
    facts.end = told_end{.id = id, .state = state, .text = text};
    return;
  }
  if (facts.is_durable)
    acknowledged(job, id);
  if (!is_terminal(state))
    fail(job_name(job) + ": told as ended while it is " + std::string{name_of(state)});
  if (facts.end && (facts.end->state != state || facts.end->text != text)) {
    fail(job_name(job) + ": told as " + std::string{name_of(facts.end->state)} + " (" +
         facts.end->text + "), then as " + std::string{name_of(state)} + " (" + text + ")");
  }
  if (state == task_state::succeeded && facts.effects == 0)
    fail(job_name(job) + ": told as succeeded, and never ran");
  facts.end = told_end{.id = id, .state = state, .text = text};
}

void simulation_ledger::denied(std::size_t job, const task_id& id) {
  const auto& facts = facts_.at(job);
  if (facts.is_durable && !facts.is_released)
    fail(job_name(job) + ": " + short_name(id) + " stands for it, and is not known any more");
}

void simulation_ledger::release(std::size_t job) {
  auto& facts = facts_.at(job);
  facts.is_released = true;
  facts.id.reset();
  facts.end.reset();
}

void simulation_ledger::check_counted(const simulated_disk& disk, const task_id& id,
                                      std::uint32_t attempt) {
  const auto* kept = disk.find(id);
  if (kept == nullptr || kept->now.state != task_state::running || kept->now.attempt != attempt) {
    fail("attempt " + std::to_string(attempt) + " of " + short_name(id) +
         " is handed out, and the journal does not count it");
  }
}

void simulation_ledger::check_told(const simulated_disk& disk, const task_record& record) {
  const auto* kept = disk.find(record.id);
  if (kept == nullptr)
    return fail(short_name(record.id) + " is told as accepted, and the journal does not have it");
  if (is_terminal(record.state) && kept->now.state != record.state) {
    fail(short_name(record.id) + " is told as " + std::string{name_of(record.state)} + ", and is " +
         std::string{name_of(kept->now.state)} + " in the journal");
  }
}

void simulation_ledger::check_kept(std::size_t job, const simulated_disk& disk) {
  const auto& facts = facts_.at(job);
  if (!facts.is_durable || facts.is_released || !facts.id)
    return;
  const auto* kept = disk.find(*facts.id);
  if (kept == nullptr) {
    return fail(job_name(job) + ": " + short_name(*facts.id) +
                " was acknowledged, and the journal does not have it");
  }
  if (facts.end && (facts.end->state != kept->now.state ||
                    facts.end->text != outcome_text(kept->now.result, kept->now.failure))) {
    fail(job_name(job) + ": told as " + std::string{name_of(facts.end->state)} +
         ", and the journal says " + std::string{name_of(kept->now.state)});
  }
}

void simulation_ledger::check_start(const simulated_disk& disk) {
  for (std::size_t job = 0; job < facts_.size(); ++job)
    check_kept(job, disk);
}

void simulation_ledger::check_rest(const simulated_disk& disk) {
  check_start(disk);
  for (std::size_t job = 0; job < facts_.size(); ++job) {
    const auto& facts = facts_[job];
    if (facts.id && facts.is_durable && !facts.end)
      fail(job_name(job) + ": was acknowledged, and its end was never told");
  }
  for (const auto& kept : disk.tasks()) {
    const auto& facts = facts_.at(job_of(*kept.task.arguments));
    if (!is_terminal(kept.now.state))
      fail(short_name(kept.task.id) + " is still " + std::string{name_of(kept.now.state)});
    if (facts.is_released)
      continue;
    const auto ran = std::ranges::count_if(
        facts.begun, [&kept](const auto& attempt) { return attempt.first == kept.task.id; });
    if (ran > kept.now.attempt) {
      fail(short_name(kept.task.id) + " ran " + std::to_string(ran) +
           " times, the journal counts " + std::to_string(kept.now.attempt));
    }
  }
}

}  // namespace libagent::lab
