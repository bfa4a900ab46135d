#include "apps/lab/faults/seed_checks.hpp"

#include "apps/lab/faults/fault_client.hpp"
#include "apps/lab/faults/fault_tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace libagent::lab {

namespace {

constexpr std::chrono::milliseconds check_patience{5'000};

struct effect_line {
  std::string label;
  std::string id;
};

std::vector<effect_line> effect_lines(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<effect_line> lines;
  effect_line line;
  while (in >> line.label >> line.id)
    lines.push_back(line);
  return lines;
}

/// Between two looks at tasks that have not ended.
void pause_between_looks(std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock{mutex};
  (void)never.wait_for(lock, time, [] { return false; });
}

/// The op that a line belongs to: its own, or that of a parent's child.
/// Without what children and errands have behind it.
std::string own_label(const std::string& label) {
  return label.substr(0, label.find('.'));
}

const client_op* op_of_label(const std::vector<client_op>& ops, const std::string& label) {
  const auto found = std::ranges::find(ops, own_label(label), &client_op::label);
  return found == ops.end() ? nullptr : &*found;
}

}  // namespace

void seed_checks::check_known(const client_op& op, const http_answer& answer) {
  if (answer.status == 200)
    return ledger_.take_answer(op.number, answer);
  if (answer.status >= 500)
    return;  // Asked again at the end.
  if (reports_damage_()) {
    ledger_.change(op.number, [](client_op& lost) { lost.is_lost = true; });
  } else {
    ledger_.note_problem(op.label + ": it was acknowledged as task " + op.id + " and is answered " +
                         std::to_string(answer.status) + " " + answer.body.dump());
  }
}

void seed_checks::check_all_known(std::uint16_t port, const std::function<bool()>& is_alive) {
  for (const auto& op : ledger_.ops()) {
    if (op.outcome != submit_outcome::acknowledged || !op.is_durable() || op.is_lost)
      continue;
    const auto answer =
        call_http(port, {.path = "/v1/tasks/" + op.id}, call_deadline(check_patience));
    if (answer) {
      check_known(op, *answer);
    } else if (!is_alive()) {
      return;
    } else {
      ledger_.note_problem(op.label + ": the node runs, but " + answer.error().context);
      return;
    }
  }
}

/// What has to end yet.
std::vector<client_op> seed_checks::open_ops() const {
  std::vector<client_op> open;
  for (const auto& op : ledger_.ops()) {
    if (op.outcome == submit_outcome::acknowledged && op.is_durable() && !op.end && !op.is_lost)
      open.push_back(op);
  }
  return open;
}

void seed_checks::look_at(const std::vector<client_op>& ops, std::uint16_t port) {
  for (const auto& op : ops) {
    const auto answer =
        call_http(port, {.path = "/v1/tasks/" + op.id}, call_deadline(check_patience));
    if (answer)
      check_known(op, *answer);
  }
}

void seed_checks::wait_for_all_ends(std::uint16_t port, const std::function<bool()>& is_alive,
                                    std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::chrono::milliseconds pause{4};
  for (auto open = open_ops(); !open.empty(); open = open_ops()) {
    if (std::chrono::steady_clock::now() > until || !is_alive()) {
      for (const auto& op : open)
        ledger_.note_problem(op.label + " (" + op.tool + "): task " + op.id + " has not ended");
      return;
    }
    look_at(open, port);
    pause_between_looks(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{64});
  }
}

void seed_checks::check_effects(std::uint16_t port) {
  check_once();
  check_errands();
  for (const auto* tool : {"append", "append_once", "work_ms", "fail_some", "parent", "hang"})
    check_runs(port, tool);
}

/// An effect that must not happen twice, and one that a success promises.
void seed_checks::check_once() {
  std::map<std::string, int> lines;
  for (const auto& line : effect_lines(effects_file(effects_, "append_once")))
    ++lines[line.label];
  for (const auto& [label, count] : lines) {
    if (count > 1 && !reports_damage_()) {
      ledger_.note_problem(label + ": its effect, which must happen once, happened " +
                           std::to_string(count) + " times");
    }
  }
  for (const auto& op : ledger_.ops()) {
    if (op.tool == "append_once" && op.end && op.end->state == "succeeded" && !lines[op.label])
      ledger_.note_problem(op.label + ": it succeeded, but there is no effect");
  }
}

/// What an agent had done: for those who asked, and once, however often its turn was begun.
void seed_checks::check_errands() {
  const auto ops = ledger_.ops();
  std::map<std::string, int> lines;
  for (const auto& line : effect_lines(effects_file(effects_, "errand")))
    ++lines[line.label];
  for (const auto& [label, count] : lines) {
    const auto* const op = op_of_label(ops, label);
    if (op == nullptr) {
      note_unsent(label, "errand");
    } else if (op->outcome == submit_outcome::refused) {
      ledger_.note_problem(label + ": it was refused (" + op->refusal + "), and its agent acted");
    }
    if (count > 1 && !reports_damage_()) {
      ledger_.note_problem(label + ": its agent's errand, to be done once, was done " +
                           std::to_string(count) + " times");
    }
  }
}

/// Who ran, how often, and under which id.
void seed_checks::check_runs(std::uint16_t port, const std::string& tool) {
  const auto ops = ledger_.ops();
  std::map<std::string, std::map<std::string, std::uint32_t>> runs;  // by label and task
  for (const auto& line : effect_lines(effects_file(effects_, tool)))
    ++runs[line.label][line.id];
  for (const auto& [label, tasks] : runs) {
    const auto* const op = op_of_label(ops, label);
    if (op == nullptr) {
      note_unsent(label, tool);
      continue;
    }
    if (op->outcome == submit_outcome::refused)
      ledger_.note_problem(label + ": it was refused (" + op->refusal + "), and ran");
    const bool is_child = label != op->label;
    if (tasks.size() > 1 && !is_child && !reports_damage_())
      ledger_.note_problem(label + ": it was sent once and ran as several tasks");
    for (const auto& [id, count] : tasks) {
      if (op->is_durable() && !op->is_lost && !reports_damage_())
        check_recorded(label, tool, {.id = id, .count = count}, port);
    }
  }
}

/// Something ran that is in nobody's book: only under a key that was lost with a damaged part of
/// the journal.
void seed_checks::note_unsent(const std::string& label, const std::string& tool) {
  if (!own_label(label).ends_with(other_body_suffix) || !reports_damage_())
    ledger_.note_problem(fmt::format("{}: nobody sent that, but {} ran for it", label, tool));
}

/// What ran is known, with all its attempts.
void seed_checks::check_recorded(const std::string& label, const std::string& tool,
                                 const task_runs& runs, std::uint16_t port) {
  const auto answer =
      call_http(port, {.path = "/v1/tasks/" + runs.id}, call_deadline(check_patience));
  if (!answer || answer->status != 200) {
    ledger_.note_problem(fmt::format("{}: task {} ran and is not known: {}", label, runs.id,
                                     answer ? answer->body.dump() : to_string(answer.error())));
    return;
  }
  const auto attempts = answer->body.value("attempt", std::uint32_t{0});
  if (attempts < runs.count && tool != "parent") {
    ledger_.note_problem(fmt::format("{}: it ran {} times, but {} attempts are recorded", label,
                                     runs.count, attempts));
  }
}

}  // namespace libagent::lab
