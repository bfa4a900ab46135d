#include "libagent/session/turn_driver.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/session/guardrails.hpp"
#include "libagent/session/turn_cache.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;

turn_terms terms_of(turn_request& request, const agent_declaration& agent, unix_millis wall) {
  turn_terms out{.client = std::move(request.client),
                 .trace = std::move(request.trace),
                 .client_tools = std::move(request.client_tools),
                 .choice = std::move(request.choice),
                 .parallel_tool_calls = request.parallel_tool_calls,
                 .format = std::move(request.format),
                 .how = std::move(request.how),
                 .level = request.level,
                 .limits = agent.limits};
  if (request.timeout)
    out.limits.time = std::min(out.limits.time, *request.timeout);
  out.deadline = wall + out.limits.time.count();
  return out;
}

}  // namespace

void turn_driver::begin(turn_start start, std::shared_ptr<const agent_declaration> agent) {
  *work_ = std::make_unique<turn_work>();
  auto& request = start.request;
  work().is_kept = start.is_kept;
  work().in_one_piece = request.in_one_piece;
  work().agent = std::move(agent);
  const auto& rules = work().agent->guardrails;
  const bool is_refused = is_blocked_input(rules, request.messages);
  redact_input(rules, request.messages);
  turn_began event{.id = std::move(start.id),
                   .key = std::move(request.key),
                   .agent = work().agent->name,
                   .messages = std::move(request.messages),
                   .terms = terms_of(request, *work().agent, at_.wall),
                   .at = at_.wall};
  work().deadline = at_.now + event.terms.limits.time;
  note(std::move(event));
  act(set_deadline{work().deadline});
  if (is_refused) {
    refuse_reply({});
    return;
  }
  flush(false);
  next_step();
}

void turn_driver::resume() {
  *work_ = std::make_unique<turn_work>();
  work().agent = world_->agents->find(history_->agent());
  if (!work().agent) {
    work().agent = std::make_shared<const agent_declaration>();
    return fail({errc::not_found, "resume turn: there is no agent " +
                                      quoted_excerpt(history_->agent(), 64) + " any more"});
  }
  const bool waits = !history_->approvals().empty();
  const milliseconds left{turn().terms.deadline - at_.wall};
  work().deadline = at_.now + (waits ? std::max(left, turn().time_left) : left);
  if (work().deadline <= at_.now)
    return fail({errc::deadline_exceeded, "resume turn: its time was over"});
  act(set_deadline{work().deadline});
  const auto all = history_->calls();
  if (all.empty())
    return next_step();
  const std::vector<recorded_call> calls{all.begin(), all.end()};
  std::vector<std::string> to_start;
  for (const auto& c : calls) {
    if (c.phase == call_phase::asked) {
      reject(c.call.id, "interrupted: it was not run");
    } else if (c.phase == call_phase::allowed) {
      to_start.push_back(c.call.id);
    } else if (c.phase == call_phase::started) {
      run_again(c);
    }
  }
  if (!to_start.empty())
    start(to_start);
  wait_or_go_on();
}

void turn_driver::stop(turn_ended how) {
  if (work().order == 0 || work().stopping)
    return end(std::move(how));
  act(stop_model{work().order});
  work().stopping = std::move(how);
}

void turn_driver::abandon(error why) {
  if (work().order != 0)
    act(stop_model{work().order});
  for (const auto& call : work().running)
    act(stop_tool{call});
  if (!work().cache_to_fill.empty())
    act(fill_cache{work().cache_to_fill, {}});
  auto result = history_->result();
  result.state = turn_state::failed;
  result.failure = std::move(why);
  act(end_turn{std::move(result)});
  work_->reset();
}

loop_actions turn_driver::take() {
  flush(false);
  return std::move(actions_);
}

void turn_driver::note(session_event event) {
  if (work().is_kept) {
    if (pending_.empty())
      pending_first_ = history_->events();
    pending_.push_back(encode_event(event));
  }
  const auto done = history_->apply(std::move(event));
  LIBAGENT_EXPECTS(done.has_value());
}

void turn_driver::flush(bool must_be_stored) {
  if (pending_.empty())
    return;
  commit_events out{.events = std::move(pending_),
                    .first = pending_first_,
                    .must_be_stored = must_be_stored,
                    .agent = history_->agent(),
                    .has_open_turn = history_->turn() != nullptr};
  pending_.clear();
  for (auto& waiting : history_->approvals())
    out.approvals.push_back(std::move(waiting.id));
  act(std::move(out));
}

void turn_driver::fail(error why) {
  end({.state = turn_state::failed, .failure = std::move(why)});
}

void turn_driver::end(turn_ended how) {
  how.at = at_.wall;
  how.cache = work().cache_outcome;
  for (const auto& call : work().running)
    act(stop_tool{call});
  const bool to_keep = is_repeatable();
  note(std::move(how));
  flush(true);
  auto result = history_->result();
  if (!work().cache_to_fill.empty())
    act(fill_cache{work().cache_to_fill, to_keep ? cached_answer_of(result) : std::string{}});
  if (result.state == turn_state::calls_client)
    result.calls = std::move(work().client_calls);
  act(end_turn{std::move(result)});
  work_->reset();
}

bool turn_driver::is_repeatable() const {
  const auto set = toolset();
  for (const auto& entry : history_->entries().subspan(facts().first_step)) {
    for (const auto& c : entry.calls) {
      const auto known = set.resolve(c.call.name);
      if (!known || known->kind != call_kind::tool || known->call_effects != effects::pure ||
          !c.succeeded)
        return false;
    }
  }
  return true;
}

milliseconds turn_driver::time_left() const {
  const auto left = std::max(work().deadline - at_.now, duration::zero());
  return std::chrono::duration_cast<milliseconds>(left);
}

std::optional<std::uint64_t> turn_driver::cost_left() const {
  if (limits().cost_micro == 0)
    return std::nullopt;
  return limits().cost_micro - std::min(limits().cost_micro, facts().cost_micro);
}

}  // namespace libagent
