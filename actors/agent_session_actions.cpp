// The half of a session that performs what its loop decides.

#include "actors/agent_session.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/model_gateway.hpp"
#include "actors/paths.hpp"
#include "actors/task_starter.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>
#include <variant>

namespace libagent::actors {

namespace {

/// How long an equal question that somebody else asked may take.
constexpr auto cache_patience = std::chrono::minutes{2};

/// Tells the session what another agent came to.
class asked_agent_observer final : public turn_observer {
public:
  asked_agent_observer(agent_session_actor session, std::string call)
      : session_{std::move(session)}, call_{std::move(call)} {}

  asked_agent_observer(const asked_agent_observer&) = delete;
  asked_agent_observer& operator=(const asked_agent_observer&) = delete;

  ~asked_agent_observer() override {
    if (!has_ended_)
      on_refused({errc::unavailable, "ask the agent: it was restarted"});
  }

  void on_update(const turn_update&) override {}

  void on_end(const turn_result& result) override {
    has_ended_ = true;
    caf::anon_send(session_, done_atom_v, call_, result);
  }

  void on_refused(const error& why) override {
    on_end({.state = turn_state::failed, .failure = why});
  }

private:
  agent_session_actor session_;
  std::string call_;
  bool has_ended_ = false;
};

void send_end(const agent_session_actor& session, std::uint64_t order, model_end end) {
  caf::anon_send(session, done_atom_v, order,
                 model_end_ref{std::make_shared<model_end>(std::move(end))});
}

/// Tells what a model writes, on the model's thread.
void tell_delta(turn_channel& channel, const chat_delta& delta, bool passes_calls) {
  if (!delta.reasoning.empty())
    channel.tell(turn_reasoning{delta.reasoning});
  if (!delta.content.empty())
    channel.tell(turn_text{delta.content});
  if (!passes_calls)
    return;
  for (const auto& piece : delta.tool_calls)
    channel.tell(turn_call_piece{piece});
}

std::string last_question(const chat_request& request) {
  const auto last = std::ranges::find(request.messages.rbegin(), request.messages.rend(),
                                      chat_role::user, &chat_message::role);
  return last == request.messages.rend() ? std::string{} : last->content;
}

chat_reply reply_of(const agent_answer& answer) {
  chat_reply reply{.model = answer.model, .citations = answer.citations, .found = answer.found};
  reply.message = {.role = chat_role::assistant, .content = answer.text};
  return reply;
}

}  // namespace

void agent_session::perform(loop_actions actions) {
  if (!work_)
    work_ = std::make_unique<turn_work>(nullptr);
  for (auto& action : actions)
    work_->actions.push_back(std::move(action));
  perform_queued();
}

void agent_session::perform_queued() {
  // An action may end the turn, and `work_` with it.
  while (work_ && !work_->waits_for_store && !work_->actions.empty()) {
    auto action = std::move(work_->actions.front());
    work_->actions.pop_front();
    std::visit([this](auto& one) { act(one); }, action);
  }
}

void agent_session::act(const commit_events& action) {
  if (!around_->has_store)
    return;
  const auto keeper = find<session_keeper_actor>(self_->system(), session_keeper_path);
  if (!keeper)
    return not_stored({errc::unavailable, "store session " + identity_.name.id + ": try again"});
  work_->waits_for_store = action.must_be_stored;
  auto writes = std::make_shared<const std::vector<session_write>>(
      1, append_events{.name = identity_.name,
                       .agent = action.agent,
                       .first = action.first,
                       .events = action.events,
                       .at = around_->unix_time(),
                       .has_open_turn = action.has_open_turn,
                       .approvals = action.approvals});
  self_->request<urgent>(keeper, caf::infinite, commit_atom_v, session_commit{std::move(writes)})
      .then(
          [this, waits = action.must_be_stored] {
            if (waits && work_) {
              work_->waits_for_store = false;
              perform_queued();
            }
          },
          [this](const caf::error& why) { not_stored(from_caf_error(why)); });
}

/// What the loop knows is more than what is kept: the turn ends here, and the actor with it.
void agent_session::not_stored(const error& failure) {
  if (loop_) {
    if (work_) {
      work_->waits_for_store = false;
      work_->actions.clear();
    }
    perform(loop_->abandon(failure, at()));
  }
  give_up(failure);
}

void agent_session::act(order_model& action) {
  auto& stop = work_->models[action.order];
  if (action.model.starts_with(actor_model_prefix)) {
    order_from_actor(action, stop.get_token());
  } else {
    order_from_gateway(action, stop.get_token());
  }
}

void agent_session::order_from_gateway(order_model& action, const std::stop_token& stop) {
  model_order order{.model = std::move(action.model),
                    .request = std::move(action.request),
                    .deadline = action.deadline,
                    .stop = stop,
                    .flow = work_->channel->flow(),
                    .on_delta = {},
                    .on_end = [session = agent_session_actor{self_}, number = action.order](
                                  model_end end) { send_end(session, number, std::move(end)); },
                    .in_one_piece = action.in_one_piece,
                    .level = action.level,
                    .client = std::move(action.client),
                    .agent = std::move(action.agent),
                    .session = identity_.name.id,
                    .trace = std::move(action.trace),
                    .cost_left_micro = action.cost_left_micro,
                    .agent_budget_micro = action.agent_budget_micro};
  if (action.stream) {
    order.on_delta = [channel = work_->channel, passes_calls = action.passes_calls](
                         const chat_delta& delta) { tell_delta(*channel, delta, passes_calls); };
  }
  order_call(find<model_gateway_actor>(self_->system(), model_gateway_path), std::move(order));
}

void agent_session::order_from_actor(const order_model& action, const std::stop_token& stop) {
  const auto end = [session = agent_session_actor{self_}, number = action.order](model_end ended) {
    send_end(session, number, std::move(ended));
  };
  const auto agent =
      find<agent_actor>(self_->system(), std::string{agents_path} + "/" +
                                             action.model.substr(actor_model_prefix.size()));
  if (!agent) {
    return end({.end = {.reply = error{errc::unavailable, "ask the agent: it is being restarted"},
                        .so_far = {}}});
  }
  auto has_spoken = std::make_shared<std::atomic<bool>>(false);
  agent_question question{.question = last_question(*action.request)};
  if (is_kept())
    question.session = identity_.name.id;
  question.live = {
      .history = std::shared_ptr<const std::vector<chat_message>>{action.request,
                                                                  &action.request->messages},
      .say = {},
      .stop = stop,
      .deadline = action.deadline,
      .client = action.client};
  if (action.stream) {
    question.live.say = [channel = work_->channel, has_spoken](std::string text) {
      has_spoken->store(true);
      channel->tell(turn_text{std::move(text)});
    };
  }
  self_->request<urgent>(agent, caf::infinite, ask_atom_v, std::move(question))
      .then(
          [end, has_spoken, channel = work_->channel,
           streams = action.stream](const agent_answer& answer) {
            if (streams && !has_spoken->load())
              channel->tell(turn_text{answer.text});
            end({.end = {.reply = reply_of(answer), .so_far = {}, .began = true}});
          },
          [end, has_spoken](const caf::error& why) {
            end({.end = {.reply = from_caf_error(why), .so_far = {}, .began = has_spoken->load()}});
          });
}

void agent_session::act(const stop_model& action) {
  if (const auto found = work_->models.find(action.order); found != work_->models.end())
    found->second.request_stop();
}

/// `trace` becomes that of the tool's span.
agent_session::tool_under_way& agent_session::note_tool(const std::string& call,
                                                        const std::string& tool,
                                                        const std::string& input,
                                                        std::string& trace) {
  const auto present = at();
  tool_under_way begun{.stop = {}, .began = present.now, .name = tool, .span = nullptr};
  begun.span = open_span_below(trace, around_->spans.get(), present.now, present.wall);
  if (begun.span && around_->spans->contents_max() > 0)
    begun.span->input = input;
  return work_->tools.insert_or_assign(call, std::move(begun)).first->second;
}

void agent_session::end_span_of_tool(const std::string& call, const tool_under_way& tool,
                                     const expected<std::string>& output) const {
  if (tool.span) {
    around_->spans->emit(span_of_tool(*tool.span, tool.name, call, output, self_->clock().now(),
                                      around_->spans->contents_max()));
  }
}

void agent_session::end_span_of_turn(const turn_result& result) {
  if (const auto open = std::exchange(span_, nullptr)) {
    around_->spans->emit(
        span_of_turn(*open, result, self_->clock().now(), around_->spans->contents_max()));
  }
}

void agent_session::act(libagent::run_tool& action) {
  const auto& under_way = note_tool(action.call, action.tool, action.arguments, action.trace);
  task_request request{.target = action.tool,
                       .arguments = {action.arguments},
                       .level = action.level,
                       .client = action.client,
                       .key = is_kept() && around_->has_store ? action.key : std::string{},
                       .trace = action.trace};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(action.deadline - self_->clock().now());
  const auto usual = world_->tools->timeout(action.tool);
  if (usual && left < *usual)
    request.timeout = std::max(left, std::chrono::milliseconds{1});
  make_task_starter(self_->system())(
      std::move(request), under_way.stop.get_token(),
      [session = agent_session_actor{self_}, call = action.call](expected<raw_json> outcome) {
        task_record record{.state = outcome ? task_state::succeeded : task_state::failed};
        if (outcome) {
          record.result = *std::move(outcome);
        } else {
          record.failure = outcome.error();
        }
        caf::anon_send(session, done_atom_v, call, std::move(record));
      });
}

void agent_session::act(ask_agent& action) {
  const auto& asked = note_tool(action.call, action.agent, action.question, action.trace);
  const auto registry = find<sessions_actor>(self_->system(), sessions_path);
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(action.deadline - self_->clock().now());
  turn_request request{.agent = action.agent,
                       .messages = {{.role = chat_role::user, .content = action.question}},
                       .timeout = std::max(left, std::chrono::milliseconds{1}),
                       .client = action.client,
                       .trace = action.trace,
                       .level = action.level,
                       .stop = asked.stop.get_token()};
  auto observer = std::make_shared<asked_agent_observer>(agent_session_actor{self_}, action.call);
  if (registry) {
    caf::anon_send(registry, turn_atom_v, std::move(request),
                   turn_observer_ref{std::move(observer)});
  }
}

void agent_session::act(const stop_tool& action) {
  const auto found = work_->tools.find(action.call);
  if (found == work_->tools.end())
    return;
  found->second.stop.request_stop();
  end_span_of_tool(action.call, found->second, error{errc::cancelled, {}});
  work_->tools.erase(found);
}

void agent_session::act(const ask_cache& action) {
  const cache_name where{.tenant = work_->client, .key = action.key};
  const auto cache = find<cache_actor>(self_->system(), around_->cache.path_of(where));
  if (!cache)
    return perform(loop_->on_cache({.key = action.key, .value = {}, .outcome = {}}, at()));
  self_
      ->request<urgent>(cache, caf::infinite, acquire_atom_v,
                        cache_ask{.name = where, .limit = cache_patience})
      .then(
          [this, cache, where](const cache_answer& found) {
            if (found.token != 0 && (found.verdict == cache_verdict::hit || !work_)) {
              // A value that is there is good enough, and of no use to a turn that is over.
              caf::anon_send<urgent>(cache, abandon_atom_v, where, found.token,
                                     error{errc::cancelled, "compute it: nobody waits any more"});
            } else if (work_) {
              work_->cache = {.cache = cache, .name = where, .token = found.token};
            }
            if (loop_ && work_) {
              perform(loop_->on_cache({.key = where.key,
                                       .value = found.value.str(),
                                       .outcome = std::string{name_of(found.outcome)}},
                                      at()));
            }
          },
          [this, key = where.key](const caf::error&) {
            // A cache that is down or full must not fail a turn that can do without it.
            if (loop_ && work_)
              perform(loop_->on_cache({.key = key, .value = {}, .outcome = {}}, at()));
          });
}

void agent_session::act(const fill_cache& action) {
  const auto lease = std::exchange(work_->cache, {});
  if (lease.token == 0)
    return;
  if (action.value.empty()) {
    caf::anon_send<urgent>(lease.cache, abandon_atom_v, lease.name, lease.token,
                           error{errc::cancelled, "compute it: the answer is not for others"});
  } else {
    caf::anon_send<urgent>(lease.cache, fulfil_atom_v, lease.name, lease.token,
                           cache_fill{.value = shared_text{action.value}});
  }
}

void agent_session::act(const tell& action) {
  work_->channel->tell(action.update);
}

void agent_session::act(const hand_over&) {}

void agent_session::act(const set_deadline&) {}

void agent_session::act(pause_turn& action) {
  action.result.session = identity_.name.id;
  const auto ended = std::exchange(work_, nullptr);
  ended->channel->end(action.result);
  turn_is_over();
  rest();
}

void agent_session::act(end_turn& action) {
  action.result.session = identity_.name.id;
  const auto ended = std::exchange(work_, nullptr);
  loop_ = nullptr;
  end_span_of_turn(action.result);
  ended->channel->end(action.result);
  if (!is_kept())
    return self_->quit();  // The sessions actor hears of that.
  turn_is_over();
  rest();
}

}  // namespace libagent::actors
