// The part of the dispatcher that deals with agents: those written in C++, which it asks itself,
// and declared ones, which sessions answer for.

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/record/json.hpp"

#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <utility>

namespace libagent::actors {

namespace {

std::string agent_path_of(const std::string& agent) {
  return std::string{agents_path} + "/" + agent;
}

/// Why a turn that ended without an answer is a failed task.
error why_unanswered(const turn_result& result) {
  if (result.failure)
    return *result.failure;
  if (result.state == turn_state::cancelled)
    return {errc::cancelled, "ask agent " + result.agent + ": the turn was cancelled"};
  if (result.state == turn_state::needs_approval && !result.approvals.empty()) {
    return {errc::permission_denied,
            "ask agent " + result.agent + ": it waits for a decision on approval " +
                result.approvals.front().id + " and goes on in session " + result.session};
  }
  return {errc::internal, "ask agent " + result.agent + ": it ended without an answer"};
}

/// Brings a turn's end to the dispatcher. When its session dies, nobody else would.
class agent_task_observer final : public turn_observer {
public:
  agent_task_observer(dispatcher_actor dispatcher, const task_id& id, std::uint32_t attempt)
      : dispatcher_{std::move(dispatcher)}, id_{id}, attempt_{attempt} {}

  agent_task_observer(const agent_task_observer&) = delete;
  agent_task_observer& operator=(const agent_task_observer&) = delete;

  ~agent_task_observer() override {
    if (!has_ended_)
      on_refused({errc::unavailable, "ask the agent: its session was lost"});
  }

  void on_update(const turn_update&) override {}

  void on_end(const turn_result& result) override {
    if (result.state != turn_state::answered)
      return on_refused(why_unanswered(result));
    const agent_answer answer{.text = result.text,
                              .found = result.found,
                              .model = result.model,
                              .citations = result.citations};
    send({.result = raw_json{to_json(answer)}});
  }

  void on_refused(const error& why) override { send({.failure = why}); }

private:
  void send(work_outcome outcome) {
    has_ended_ = true;
    caf::anon_send<urgent>(dispatcher_, done_atom_v, id_, attempt_, std::move(outcome));
  }

  dispatcher_actor dispatcher_;
  task_id id_;
  std::uint32_t attempt_;
  bool has_ended_ = false;
};

}  // namespace

bool task_dispatcher_state::start_on(agent_runner& to, const task_entry& task, const lease& held) {
  auto question = from_json<agent_question>(*task.arguments);
  // It was checked at admission. The core must not be called from here, so even an error would
  // have to go through the mailbox.
  question->live = {.history = {},
                    .say = {},
                    .stop = held.stop.get_token(),
                    .deadline = task.deadline,
                    .client = task.record.client};
  if (resolver_.is_declared(to.name))
    return ask_session(to, *std::move(question), task, held);
  const auto agent = find<agent_actor>(self_->system(), agent_path_of(to.name));
  to.waits_for_restart = !agent;
  if (!agent)
    return false;
  self_->request<urgent>(agent, caf::infinite, ask_atom_v, *std::move(question))
      .then([this, id = held.id, attempt = held.attempt](
                const agent_answer& answer) { finish(id, attempt, to_json(answer)); },
            [this, id = held.id, attempt = held.attempt, executor = held.executor](
                const caf::error& failure) { agent_failed(id, attempt, executor, failure); });
  return true;
}

bool task_dispatcher_state::ask_session(agent_runner& to, agent_question question,
                                        const task_entry& task, const lease& held) {
  const auto sessions = find<sessions_actor>(self_->system(), sessions_path);
  to.waits_for_restart = !sessions;
  if (!sessions)
    return false;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(task.deadline - self_->clock().now());
  turn_request request{.agent = to.name,
                       .session = question.session.value_or(std::string{}),
                       .timeout = std::max(left, std::chrono::milliseconds{1}),
                       .client = task.record.client,
                       // The next attempt goes on with the same turn.
                       .key = "task-" + to_string(held.id),
                       .trace = task.record.trace,
                       .level = task.record.level,
                       .stop = held.stop.get_token()};
  request.messages.push_back({.role = chat_role::user, .content = std::move(question.question)});
  caf::anon_send<urgent>(sessions, turn_atom_v, std::move(request),
                         turn_observer_ref{std::make_shared<agent_task_observer>(
                             dispatcher_actor{self_}, held.id, held.attempt)});
  return true;
}

void task_dispatcher_state::agent_failed(const task_id& id, std::uint32_t attempt,
                                         executor_id agent, const caf::error& failure) {
  if (failure == caf::sec::request_receiver_down) {
    // The agent never saw it: it was dead, or died with the question still in its mailbox.
    std::get<agent_runner>(runners_.at(agent)).waits_for_restart = true;
    core_.give_back(id, attempt, now());
  } else if (failure == caf::sec::broken_promise) {
    core_.lose_attempt(id, attempt, {errc::unavailable, "the agent ended, or dropped the question"},
                       now());
  } else {
    core_.complete(id, attempt, from_caf_error(failure), now());
  }
  settle();
}

void task_dispatcher_state::look_for_agents() {
  for (auto& [executor, who] : runners_) {
    auto* agent = std::get_if<agent_runner>(&who);
    if (agent == nullptr || !agent->waits_for_restart)
      continue;
    const auto path =
        resolver_.is_declared(agent->name) ? sessions_path : agent_path_of(agent->name);
    if (!find_any(self_->system(), path))
      continue;
    agent->waits_for_restart = false;
    core_.set_available(executor, true, now());
  }
}

}  // namespace libagent::actors
