#include "libagent/base/text.hpp"
#include "libagent/session/guardrails.hpp"
#include "libagent/session/tool_arguments.hpp"
#include "libagent/session/turn_cache.hpp"
#include "libagent/session/turn_driver.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

/// Gives calls ids where there are none, or where two have the same.
void name_calls(std::vector<tool_call>& calls, const turn_facts& facts) {
  for (auto call = calls.begin(); call != calls.end(); ++call) {
    const auto has_id = [&call](const tool_call& other) { return other.id == call->id; };
    if (call->id.empty() || std::any_of(calls.begin(), call, has_id)) {
      call->id = "call_" + std::to_string(facts.steps) + "_" +
                 std::to_string(call - calls.begin()) + "_" + facts.id.substr(0, 8);
    }
  }
}

step_taken step_of(chat_reply& reply, std::uint64_t cost_micro) {
  step_taken out{.finish = reply.finish,
                 .model = std::move(reply.model),
                 .usage = reply.usage,
                 .cost_micro = cost_micro,
                 .found = reply.found,
                 .citations = std::move(reply.citations)};
  out.message = {.role = chat_role::assistant,
                 .content = sound_text(std::move(reply.message.content))};
  return out;
}

}  // namespace

void turn_driver::reply_came(chat_reply reply, std::uint64_t cost_micro) {
  auto step = step_of(reply, cost_micro);
  step.prompt_bytes = work().prompt_bytes;
  if (step.usage.total() == 0) {
    const auto gauge = history_->gauge();
    step.usage = {.prompt = gauge.tokens(work().prompt_bytes),
                  .completion = gauge.tokens(step.message.content.size()),
                  .estimated = true};
  }
  auto calls = std::move(reply.message.tool_calls);
  const auto& rules = work().agent->guardrails;
  if (calls.empty() && is_blank(step.message.content))
    return nothing_came(std::move(step));
  if (has_phrase(step.message.content, rules.blocked_output))
    return refuse_reply(std::move(step));
  if (step.message.content.size() > rules.output_bytes_max) {
    step.message.content.resize(utf8_prefix(step.message.content, rules.output_bytes_max).size());
    step.finish = finish_reason::length;
  }
  // What a provider says of the end is not to be relied on; whether there are calls is.
  if (calls.empty() || (work().is_last_step && !is_blank(step.message.content)))
    return answer_came(std::move(step));
  if (has_client_tools())
    return client_calls_came(std::move(step), std::move(calls));
  if (!work().is_last_step)
    return calls_came(std::move(step), std::move(calls));
  note(std::move(step));
  fail({errc::budget_exceeded, "turn: near its limits after " + std::to_string(facts().steps) +
                                   " steps the model asked for tools instead of answering"});
}

void turn_driver::nothing_came(step_taken step) {
  if (step.finish == finish_reason::content_filter)
    return refuse_reply(std::move(step));
  const bool was_cut = step.finish == finish_reason::length;
  step.message.content.clear();
  note(std::move(step));
  if (!std::exchange(work().retried_empty, true)) {
    ++work().seed_shift;
    flush(false);
    return next_step();
  }
  fail({errc::unavailable, was_cut ? "turn: the reply was cut off before its first word, twice"
                                   : "turn: the model answered nothing, twice"});
}

void turn_driver::refuse_reply(step_taken step) {
  step.message = {.role = chat_role::assistant, .content = work().agent->guardrails.refusal};
  step.finish = finish_reason::content_filter;
  step.citations.clear();
  work().streams = false;
  answer_came(std::move(step));
}

void turn_driver::answer_came(step_taken step) {
  if (step.finish == finish_reason::tool_calls)
    step.finish = finish_reason::stop;
  if (!work().streams)
    act(tell{turn_text{step.message.content}});
  note(std::move(step));
  end({.state = turn_state::answered});
}

void turn_driver::client_calls_came(step_taken step, std::vector<tool_call> calls) {
  name_calls(calls, facts());
  step.finish = finish_reason::tool_calls;
  step.message.tool_calls = calls;
  for (auto& call : step.message.tool_calls)
    call.arguments = sound_arguments(std::move(call.arguments));
  work().client_calls = std::move(calls);
  note(std::move(step));
  end({.state = turn_state::calls_client});
}

void turn_driver::cache_answered(const found_in_cache& found) {
  const auto key = std::exchange(work().cache_key, {});
  work().cache_outcome = found.outcome;
  if (found.value.empty())
    work().cache_to_fill = key;
  auto reply = answer_from_cache(found.value);
  if (!reply)
    return next_step();
  work().streams = false;
  auto step = step_of(*reply, 0);
  answer_came(std::move(step));
}

void turn_driver::calls_came(step_taken step, std::vector<tool_call> calls) {
  // One more than allowed, for the model to read why it is not run.
  const auto most = limits().tool_calls - std::min(limits().tool_calls, facts().tool_calls) + 1;
  if (calls.size() > most)
    calls.resize(most);
  name_calls(calls, facts());
  step.finish = finish_reason::tool_calls;
  auto verdicts = judge_all(calls);
  step.message.tool_calls = std::move(calls);
  note(std::move(step));
  act(tell{turn_step_ended{facts().steps}});
  carry_out(verdicts);
}

}  // namespace libagent
