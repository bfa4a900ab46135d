#include "apps/lab/faults/client_ledger.hpp"

#include "apps/lab/faults/model_under_fault.hpp"
#include "apps/lab/io_socket.hpp"
#include "libagent/tasks/task.hpp"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

namespace {

bool is_ended_state(const std::string& state) {
  return std::ranges::any_of(enum_names<task_state>::values, [&](const auto& each) {
    return each.second == state && is_terminal(each.first);
  });
}

/// The record in an answer: the answer itself, or beside an error.
const nlohmann::json* record_in(const nlohmann::json& body) {
  if (!body.is_object())
    return nullptr;
  if (body.contains("id") && body.contains("state"))
    return &body;
  return body.contains("task") && body["task"].is_object() ? &body["task"] : nullptr;
}

std::string code_in(const nlohmann::json& body) {
  if (!body.is_object() || !body.contains("error") || !body["error"].is_object())
    return "";
  return body["error"].value("code", "");
}

/// Whether a status and code say that nothing was accepted. A node that gives up in the middle
/// answers `unavailable` or `internal`, and one whose disk failed `io_failed`: they cannot know.
bool is_final_refusal(const http_answer& answer) {
  const auto code = code_in(answer.body);
  return answer.status >= 400 && (code == "overloaded" || code == "rate_limited" ||
                                  code == "invalid_argument" || code == "key_reused");
}

}  // namespace

expected<std::unique_ptr<client_ledger>> client_ledger::open(const std::filesystem::path& file,
                                                             std::function<bool()> reports_damage) {
  owned_descriptor opened{
      ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_DSYNC | O_CLOEXEC, 0600)};
  if (!opened.is_open())
    return system_error_of("open the ledger " + file.string());
  return std::unique_ptr<client_ledger>{
      new client_ledger{std::move(opened), std::move(reports_damage)}};
}

std::size_t client_ledger::add(client_op op) {
  const std::lock_guard guard{mutex_};
  op.number = ops_.size();
  op.label += std::to_string(op.number);
  write_line({{"sends", op.number},
              {"tool", op.tool},
              {"label", op.label},
              {"arguments", op.arguments},
              {"key", op.key},
              {"waits", op.waits}});
  ops_.push_back(std::move(op));
  return ops_.size() - 1;
}

void client_ledger::take_answer(std::size_t number, const http_answer& answer) {
  const std::lock_guard guard{mutex_};
  auto& op = ops_.at(number);
  if (const auto* record = record_in(answer.body)) {
    take_record(op, *record, answer.asked_at);
  } else if (answer.status >= 400) {
    take_refusal(op, answer);
  } else {
    add_problem(op.label + ": answered with " + std::to_string(answer.status) +
                " and no record: " + answer.body.dump());
  }
}

void client_ledger::take_refusal(client_op& op, const http_answer& answer) {
  const auto why = std::to_string(answer.status) + " " + answer.body.dump();
  write_line({{"refused", op.number}, {"why", why}});
  if (op.outcome == submit_outcome::acknowledged) {
    if (is_final_refusal(answer) && code_in(answer.body) != "overloaded" &&
        code_in(answer.body) != "rate_limited")
      add_contradiction(op, "accepted once, and then refused with " + why);
    return;
  }
  op.refusal = why;
  if (is_final_refusal(answer) && op.key.empty())
    op.outcome = submit_outcome::refused;
}

void client_ledger::take_record(client_op& op, const nlohmann::json& record, time_point asked_at) {
  const auto id = record.value("id", "");
  if (op.outcome == submit_outcome::acknowledged && id != op.id) {
    add_contradiction(op, "was task " + op.id + " and is now task " + id);
    if (!op.is_set_back)
      return;
    op.id = id;
    op.end.reset();
  }
  if (record.value("target", "") != op.tool)
    add_contradiction(op, "the task's target is \"" + record.value("target", "") + "\"");
  if (op.outcome != submit_outcome::acknowledged) {
    write_line({{"acknowledged", op.number}, {"id", id}});
    op.outcome = submit_outcome::acknowledged;
    op.id = id;
  }
  // Two questions may be under way at a time, and the later one's answer come first.
  if (asked_at < op.told_at)
    return;
  op.told_at = std::chrono::steady_clock::now();
  const auto attempt = record.value("attempt", std::uint32_t{0});
  if (attempt < op.attempt && op.is_durable()) {
    add_contradiction(
        op, "attempt " + std::to_string(attempt) + " after attempt " + std::to_string(op.attempt));
  }
  op.attempt = attempt;
  take_end(op, record);
}

void client_ledger::take_end(client_op& op, const nlohmann::json& record) {
  const auto state = record.value("state", "");
  if (!is_ended_state(state)) {
    if (op.end)
      add_contradiction(op, "it had ended as " + op.end->state + " and is now " + state);
    if (op.is_set_back)
      op.end.reset();
    return;
  }
  const auto outcome = record.contains("result") && !record["result"].is_null()
                           ? record["result"].dump()
                           : code_in(record);
  const told_end told{.state = state, .outcome = outcome};
  if (op.end && *op.end != told) {
    add_contradiction(op, "it had ended as " + op.end->state + " with " + op.end->outcome +
                              " and has now ended as " + told.state + " with " + told.outcome);
  }
  if (op.end && !op.is_set_back)
    return;
  write_line({{"ended", op.number}, {"state", told.state}, {"outcome", told.outcome}});
  if (state == "succeeded")
    check_result(op, record);
  op.end = told;
}

void client_ledger::check_result(client_op& op, const nlohmann::json& record) {
  if (!record.contains("result") || !record["result"].is_object()) {
    add_contradiction(op, "it succeeded without a result: " + record.dump());
  } else if (op.tool == errand_target
                 ? !record["result"].value("text", "").starts_with(op.label + errand_suffix + " ")
                 : record["result"].value("label", op.label) != op.label) {
    add_problem(op.label + ": the result is of another task: " + record["result"].dump());
  }
}

void client_ledger::note_problem(const std::string& what) {
  const std::lock_guard guard{mutex_};
  add_problem(what);
}

void client_ledger::note_contradiction(std::size_t number, const std::string& what) {
  const std::lock_guard guard{mutex_};
  add_contradiction(ops_.at(number), what);
}

bool client_ledger::knows_of_damage() {
  const std::lock_guard guard{mutex_};
  return reports_damage_();
}

/// A log that was cut at the damage makes earlier states the latest again.
void client_ledger::add_contradiction(client_op& op, const std::string& what) {
  if (reports_damage_()) {
    op.is_set_back = true;
  } else {
    add_problem(op.label + " (" + op.tool + "): " + what);
  }
}

void client_ledger::add_problem(std::string what) {
  write_line({{"problem", what}});
  problems_.push_back(std::move(what));
}

void client_ledger::change(std::size_t number, const std::function<void(client_op&)>& how) {
  const std::lock_guard guard{mutex_};
  how(ops_.at(number));
}

std::vector<client_op> client_ledger::ops() const {
  const std::lock_guard guard{mutex_};
  return ops_;
}

std::vector<std::string> client_ledger::problems() const {
  const std::lock_guard guard{mutex_};
  return problems_;
}

void client_ledger::write_line(const nlohmann::ordered_json& line) {
  const auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (::write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    problems_.emplace_back("the ledger cannot be written");
}

}  // namespace libagent::lab
