#include "libagent/base/text.hpp"
#include "libagent/session/conversation.hpp"
#include "libagent/session/tool_arguments.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

error misplaced(std::string_view what) {
  return {errc::corrupt, "fold: " + std::string{what}};
}

bool has_equal_ids(const std::vector<tool_call>& calls) {
  for (auto at = calls.begin(); at != calls.end(); ++at) {
    if (std::any_of(calls.begin(), at, [&at](const tool_call& c) { return c.id == at->id; }))
      return true;
  }
  return false;
}

bool says_nothing(const chat_message& m) {
  return m.content.empty() && m.tool_calls.empty() && m.parts.text.empty();
}

void close_calls(conversation_entry& entry, std::string_view not_run) {
  for (auto& c : entry.calls) {
    if (c.phase == call_phase::ended)
      continue;
    c.output = c.phase == call_phase::started
                   ? "interrupted: it had begun when the turn ended and may or may not have "
                     "happened"
                   : std::string{not_run};
    c.succeeded = false;
    c.phase = call_phase::ended;
  }
}

std::size_t less_by(std::size_t position, std::uint64_t gone) {
  return position - std::min<std::size_t>(position, gone);
}

}  // namespace

expected<void> conversation::apply(session_event event) {
  auto done = std::visit([this](auto& x) { return fold(x); }, event);
  if (done)
    ++events_;
  return done;
}

void conversation::add(chat_message message) {
  message.reasoning.clear();
  if (message.role == chat_role::tool) {
    if (auto* const call = find_call(message.tool_call_id)) {
      call->phase = call_phase::ended;
      call->succeeded = true;
      call->output = std::move(message.content.empty() ? message.parts.text : message.content);
    }
    return;
  }
  auto& said = unpacked();
  if (!said.empty())
    close_calls(said.back(), "no result: whoever was to run it went on without one");
  if (says_nothing(message))
    return;
  message.tool_call_id.clear();
  conversation_entry entry;
  entry.calls.reserve(message.tool_calls.size());
  for (auto& c : message.tool_calls) {
    c.arguments = sound_arguments(std::move(c.arguments));
    entry.calls.push_back({.call = std::move(c)});
  }
  message.tool_calls = std::vector<tool_call>{};  // `{}` alone would keep its memory.
  entry.message = std::move(message);
  said.push_back(std::move(entry));
}

recorded_call* conversation::find_call(std::string_view id) {
  auto& said = unpacked();
  if (said.empty())
    return nullptr;
  auto& calls = said.back().calls;
  const auto found =
      std::ranges::find_if(calls, [id](const recorded_call& c) { return c.call.id == id; });
  return found == calls.end() ? nullptr : &*found;
}

expected<void> conversation::fold(turn_began& event) {
  if (turn_)
    return misplaced("a turn begins while another is open");
  if (const auto fits = check(event.messages); !fits)
    return misplaced(fits.error().context);
  auto turn = std::make_unique<open_turn>();
  for (auto& m : event.messages)
    add(std::move(m));
  turn->facts.id = std::move(event.id);
  turn->facts.key = std::move(event.key);
  turn->facts.agent = event.agent;
  turn->terms = std::move(event.terms);
  turn->facts.first_step = unpacked().size();
  turn_ = std::move(turn);
  if (event.agent != agent_)
    handed_over_by_.clear();
  agent_ = std::move(event.agent);
  ++turns_;
  if (created_at_ == 0)
    created_at_ = event.at;
  changed_at_ = event.at;
  return {};
}

expected<void> conversation::fold(step_taken& event) {
  if (!turn_)
    return misplaced("a step outside of a turn");
  const auto open = calls();
  if (std::ranges::any_of(open, [](const auto& c) { return c.phase != call_phase::ended; }))
    return misplaced("a step before all calls of the one before have their results");
  if (event.message.role != chat_role::assistant || has_equal_ids(event.message.tool_calls))
    return misplaced("a step that is no assistant's, or has two calls of one id");
  auto& facts = turn_->facts;
  if (!event.usage.estimated)
    gauge_.learn(event.prompt_bytes, event.usage.prompt);
  facts.model = std::move(event.model);
  facts.finish = event.finish;
  facts.found = event.found;
  facts.citations = std::move(event.citations);
  facts.usage += event.usage;
  facts.cost_micro += event.cost_micro;
  ++facts.steps;
  facts.tool_calls += static_cast<std::uint32_t>(event.message.tool_calls.size());
  add(std::move(event.message));
  return {};
}

expected<void> conversation::fold(tools_started& event) {
  const auto open = calls();
  for (const auto& id : event.calls) {
    const auto can_start = std::ranges::any_of(open, [&id](const recorded_call& c) {
      return c.call.id == id && (c.phase == call_phase::asked || c.phase == call_phase::allowed);
    });
    if (!can_start)
      return misplaced("call " + quoted_excerpt(id) + " starts, but it does not wait for that");
  }
  for (const auto& id : event.calls) {
    auto* const call = find_call(id);
    call->phase = call_phase::started;
    call->has_run = true;
  }
  return {};
}

expected<void> conversation::fold(tool_ended& event) {
  auto* const call = turn_ && !calls().empty() ? find_call(event.call) : nullptr;
  if (call == nullptr || call->phase == call_phase::ended)
    return misplaced("a result of the call " + quoted_excerpt(event.call) + ", which is not open");
  call->phase = call_phase::ended;
  call->succeeded = event.succeeded;
  call->output = std::move(event.output);
  turn_->facts.usage += event.usage;
  turn_->facts.cost_micro += event.cost_micro;
  return {};
}

expected<void> conversation::fold(approval_asked& event) {
  const auto open = calls();
  for (const auto& id : event.calls) {
    if (std::ranges::none_of(open, [&id](const recorded_call& c) {
          return c.call.id == id && c.phase == call_phase::asked;
        }))
      return misplaced("approval of the call " + quoted_excerpt(id) + ", which is not open");
  }
  for (const auto& id : event.calls)
    find_call(id)->phase = call_phase::waits;
  if (turn_)
    turn_->time_left = event.time_left;
  return {};
}

expected<void> conversation::fold(approval_decided& event) {
  auto* const call = turn_ && !calls().empty() ? find_call(event.call) : nullptr;
  if (call == nullptr || call->phase != call_phase::waits) {
    return misplaced("a decision on the call " + quoted_excerpt(event.call) +
                     ", which waits for none");
  }
  call->phase = event.allowed ? call_phase::allowed : call_phase::asked;
  turn_->terms.deadline = event.deadline;
  return {};
}

expected<void> conversation::fold(handed_over& event) {
  if (!turn_)
    return misplaced("a hand-over outside of a turn");
  turn_->facts.agent = event.agent;
  if (std::ranges::find(handed_over_by_, agent_) == handed_over_by_.end())
    handed_over_by_.push_back(agent_);
  agent_ = std::move(event.agent);
  return {};
}

expected<void> conversation::fold(summarised& event) {
  if (!turn_ || event.entries > turn_->facts.first_step)
    return misplaced("a summary of what is not there or of the open turn");
  summary_ = std::move(event.text);
  auto& said = unpacked();
  said.erase(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(event.entries));
  turn_->facts.first_step = less_by(turn_->facts.first_step, event.entries);
  turn_->facts.usage += event.usage;
  turn_->facts.cost_micro += event.cost_micro;
  return {};
}

expected<void> conversation::fold(turn_ended& event) {
  if (!turn_)
    return misplaced("a turn ends that was not open");
  answer_what_is_open(event);
  auto& facts = turn_->facts;
  facts.state = event.state;
  facts.failure = std::move(event.failure);
  facts.cache = std::move(event.cache);
  usage_ += facts.usage;
  cost_micro_ += facts.cost_micro;
  changed_at_ = event.at;
  last_ = std::make_unique<turn_facts>(std::move(facts));
  turn_.reset();
  return {};
}

void conversation::answer_what_is_open(const turn_ended& event) {
  auto& said = unpacked();
  if (event.state == turn_state::calls_client || said.size() <= turn_->facts.first_step)
    return;
  close_calls(said.back(), event.state == turn_state::cancelled ? "not run: the turn was cancelled"
                                                                : "not run: the turn ended before");
}

}  // namespace libagent
