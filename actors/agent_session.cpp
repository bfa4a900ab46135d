#include "actors/agent_session.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/paths.hpp"
#include "libagent/telemetry/span_contents.hpp"

#include <caf/send.hpp>

#include <utility>

namespace libagent::actors {

namespace {

error session_is_busy(const std::string& id, const conversation& history) {
  const bool waits = !history.approvals().empty();
  return {errc::already_exists,
          "begin a turn in session " + id +
              (waits ? ": it waits for a decision on a tool call" : ": a turn is under way")};
}

}  // namespace

agent_session::agent_session(agent_session_actor::pointer self,
                             std::shared_ptr<const session_surroundings> around,
                             session_identity identity, agent_world_ptr world)
    : self_{self},
      around_{std::move(around)},
      identity_{std::move(identity)},
      world_{std::move(world)} {}

agent_session::~agent_session() {
  if (!work_)
    return;
  work_->channel->attach(nullptr);
  for (auto& [order, stop] : work_->models)
    stop.request_stop();
  for (auto& [call, tool] : work_->tools)
    tool.stop.request_stop();
}

agent_session_actor::behavior_type agent_session::make_behavior() {
  set_quiet_handlers(self_);
  if (is_kept() && around_->has_store)
    load();
  return {
      [this](turn_atom, const turn_request& request, const turn_observer_ref& who,
             const agent_world_ptr& world) {
        when_ready([this, request, who, world] { turn(request, who, world); });
      },
      [this](cancel_atom, const std::string& why) {
        if (loop_)
          perform(loop_->on_cancel(why, at()));
      },
      [this](watch_atom, const turn_observer_ref& who) {
        when_ready([this, who] { watch(who.observer); });
      },
      [this](lookup_atom) -> caf::result<session_view> {
        auto answer = self_->make_response_promise<session_view>();
        when_ready([this, answer]() mutable { answer.deliver(view()); });
        return answer;
      },
      [this](approve_atom, const std::string& id,
             const approval_decision& decision) -> caf::result<void> {
        auto answer = self_->make_response_promise<void>();
        when_ready([this, id, decision, answer] { approve(id, decision, answer); });
        return answer;
      },
      [this](done_atom, std::uint64_t order, const model_end_ref& ended) {
        model_ended(order, *ended.end);
      },
      [this](done_atom, const std::string& call, const task_record& record) {
        tool_ended(call, record);
      },
      [this](done_atom, const std::string& call, const turn_result& result) {
        agent_ended(call, result);
      },
      [this](wake_atom) {
        if (loop_)
          perform(loop_->on_deadline(at()));
      },
  };
}

moment agent_session::at() const {
  return {.now = self_->clock().now(), .wall = around_->unix_time()};
}

session_view agent_session::view() const {
  auto seen = history_.view();
  seen.id = identity_.name.id;
  seen.resident = true;
  return seen;
}

// -- reading ----------------------------------------------------------------

void agent_session::load() {
  until_loaded_ = std::make_unique<std::vector<then>>();
  const auto keeper = find<session_keeper_actor>(self_->system(), session_keeper_path);
  if (!keeper)
    return give_up({errc::unavailable, "read session " + identity_.name.id + ": try again"});
  self_->request<urgent>(keeper, caf::infinite, lookup_atom_v, identity_.name)
      .then([this](const stored_session& stored) { take_stored(stored); },
            [this](const caf::error& why) {
              auto failure = from_caf_error(why);
              if (failure.code == errc::not_found)
                return ready();
              give_up(failure);
            });
}

void agent_session::take_stored(const stored_session& stored) {
  auto history = conversation::replay(stored.events);
  if (!history) {
    return give_up({history.error().code,
                    "read session " + identity_.name.id + ": " + history.error().context});
  }
  history_ = *std::move(history);
  ready();
}

void agent_session::ready() {
  const auto waiting = std::exchange(until_loaded_, nullptr);
  if (history_.turn() != nullptr)
    go_on();
  for (const auto& action : *waiting)
    action();
  rest();
}

void agent_session::when_ready(then action) {
  if (until_loaded_) {
    until_loaded_->push_back(std::move(action));
  } else {
    action();
    rest();
  }
}

void agent_session::rest() {
  if (is_kept() && !work_)
    history_.pack();
}

void agent_session::give_up(const error& why) {
  // Whoever waits hears of it from the down message, or from an observer without an end.
  self_->quit(to_caf_error(why));
}

// -- turns ------------------------------------------------------------------

void agent_session::turn(const turn_request& request, const turn_observer_ref& who,
                         const agent_world_ptr& world) {
  const auto& observer = who.observer;
  if (loop_)
    return join_open_turn(request, observer);
  if (!request.key.empty()) {
    if (auto before = history_.result_for(request.key)) {
      before->session = identity_.name.id;
      observer->on_end(*before);
      return turn_is_over();
    }
  }
  world_ = world;
  begin(request, observer);
}

void agent_session::join_open_turn(const turn_request& request, const turn_observer_ptr& observer) {
  const auto* open = history_.turn();
  if (open == nullptr || request.key.empty() || open->facts.key != request.key) {
    observer->on_refused(session_is_busy(identity_.name.id, history_));
    return turn_is_over();
  }
  if (work_)
    follow(request.stop);
  watch(observer);
  turn_is_over();
}

void agent_session::watch(const turn_observer_ptr& observer) {
  if (work_) {
    // Whoever listened before has lost the connection, or it would not ask again.
    return work_->channel->attach(observer);
  }
  if (history_.turn() == nullptr && history_.last_turn() == nullptr) {
    return observer->on_refused(
        {errc::not_found, "follow session " + identity_.name.id + ": it has no turn"});
  }
  auto result = history_.result();
  result.session = identity_.name.id;
  observer->on_end(result);
}

void agent_session::begin(turn_request request, const turn_observer_ptr& observer) {
  if (request.agent.empty())
    request.agent = history_.agent();  // Whoever answered before.
  loop_ = std::make_unique<agent_loop>(history_, world_->environment());
  const auto id = around_->node + "-" + std::to_string(at().wall) + "-" +
                  std::to_string(identity_.number) + "-" + std::to_string(history_.turns());
  const auto present = at();
  span_ = open_span_below(request.trace, around_->spans.get(), present.now, present.wall);
  if (const auto most = span_ ? around_->spans->contents_max() : 0; most > 0)
    span_->input = input_messages_text(request.messages, most);
  auto actions = loop_->begin({.request = request, .id = id, .is_kept = is_kept()}, at());
  if (!actions) {
    loop_ = nullptr;
    span_ = nullptr;
    observer->on_refused(actions.error());
    return turn_is_over();
  }
  work_ = std::make_unique<turn_work>(observer);
  work_->client = request.client;
  follow(request.stop);
  perform(*std::move(actions));
}

void agent_session::follow(const std::stop_token& stop) {
  if (!stop.stop_possible())
    return;
  work_->on_stop =
      std::make_unique<std::stop_callback<then>>(stop, [self = agent_session_actor{self_}] {
        caf::anon_send<urgent>(self, cancel_atom_v, std::string{"the caller went away"});
      });
}

void agent_session::go_on() {
  loop_ = std::make_unique<agent_loop>(history_, world_->environment());
  work_ = std::make_unique<turn_work>(nullptr);
  // The span that had begun is lost, but this one belongs below it.
  auto trace = history_.turn()->terms.trace;
  const auto present = at();
  span_ = open_span_below(trace, around_->spans.get(), present.now, present.wall);
  if (const auto registry = find<sessions_actor>(self_->system(), sessions_path))
    caf::anon_send(registry, turn_atom_v, identity_.number);
  perform(loop_->resume(at()));
}

void agent_session::approve(const std::string& id, const approval_decision& decision,
                            caf::typed_response_promise<void> answer) {
  auto actions = loop_ ? loop_->on_approval(id, decision, at())
                       : expected<loop_actions>{
                             error{errc::not_found, "decide on " + id + ": it waits for nobody"}};
  if (!actions) {
    answer.deliver(to_caf_error(actions.error()));
    return turn_is_over();
  }
  if (work_) {
    turn_is_over();  // Another approval is what it waited for, or it is under way already.
  } else {
    work_ = std::make_unique<turn_work>(nullptr);
  }
  answer.deliver();
  perform(*std::move(actions));
}

void agent_session::turn_is_over() {
  if (const auto registry = find<sessions_actor>(self_->system(), sessions_path))
    caf::anon_send(registry, done_atom_v, identity_.number);
}

// -- what comes back --------------------------------------------------------

void agent_session::model_ended(std::uint64_t order, model_end& ended) {
  if (!loop_)
    return;
  if (work_)
    work_->models.erase(order);
  perform(loop_->on_model_end(order,
                              {.reply = std::move(ended.end.reply),
                               .so_far = std::move(ended.end.so_far),
                               .began = ended.end.began,
                               .cost_micro = ended.cost_micro,
                               .context_tokens = ended.end.context_tokens,
                               .prompt_tokens = ended.end.prompt_tokens},
                              at()));
}

void agent_session::tool_ended(const std::string& call, const task_record& record) {
  if (!loop_ || !work_)
    return;
  const auto found = work_->tools.find(call);
  if (found == work_->tools.end())
    return;
  tool_outcome outcome{.output = error{errc::internal, "it ended without a result"}};
  if (record.result) {
    outcome.output = record.result->text;
  } else if (record.failure) {
    outcome.output = *record.failure;
  }
  outcome.took =
      std::chrono::floor<std::chrono::milliseconds>(self_->clock().now() - found->second.began);
  end_span_of_tool(call, found->second, outcome.output);
  work_->tools.erase(found);
  perform(loop_->on_tool_end(call, std::move(outcome), at()));
}

void agent_session::agent_ended(const std::string& call, const turn_result& result) {
  if (!loop_ || !work_)
    return;
  const auto found = work_->tools.find(call);
  if (found == work_->tools.end())
    return;
  tool_outcome outcome{.output = result.text,
                       .took = std::chrono::floor<std::chrono::milliseconds>(self_->clock().now() -
                                                                             found->second.began),
                       .usage = result.usage,
                       .cost_micro = result.cost_micro};
  if (result.state != turn_state::answered) {
    outcome.output = result.failure.value_or(
        error{errc::tool_failed, "agent " + result.agent + " did not answer"});
  }
  end_span_of_tool(call, found->second, outcome.output);
  work_->tools.erase(found);
  perform(loop_->on_tool_end(call, std::move(outcome), at()));
}

}  // namespace libagent::actors
