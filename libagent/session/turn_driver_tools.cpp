#include "libagent/base/text.hpp"
#include "libagent/session/guardrails.hpp"
#include "libagent/session/tool_arguments.hpp"
#include "libagent/session/turn_driver.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t written_bytes_shown = 500;
constexpr std::size_t failures_max = 3;

/// Whether `b` failed in the same way as `a`, which failed. What was not run is told apart by why.
bool fails_alike(const recorded_call& a, const recorded_call& b) {
  if (b.phase != call_phase::ended || b.succeeded || a.call.name != b.call.name ||
      a.has_run != b.has_run)
    return false;
  return a.has_run ? a.call.arguments == b.call.arguments : a.output == b.output;
}

std::string misfit_text(const std::string& why, const std::string& written) {
  return "error: the arguments do not fit, nothing was run: " + why +
         "; you wrote: " + quoted_excerpt(written, written_bytes_shown);
}

}  // namespace

std::vector<turn_driver::verdict> turn_driver::judge_all(std::vector<tool_call>& calls) const {
  std::vector<verdict> out;
  bool hands_over = false;
  for (auto& call : calls) {
    auto v = judge(call);
    v.call = call.id;
    if (v.refusal.empty() && facts().tool_calls + out.size() >= limits().tool_calls) {
      v.refusal = "error: not run: no more than " + std::to_string(limits().tool_calls) +
                  " tool calls are allowed in a turn";
    }
    if (v.refusal.empty() && v.what.kind == call_kind::hand_over && std::exchange(hands_over, true))
      v.refusal = "error: not run: only one can take over";
    out.push_back(std::move(v));
  }
  return out;
}

turn_driver::verdict turn_driver::judge(tool_call& call) const {
  if (is_blank(call.arguments))
    call.arguments = "{}";
  call.arguments = sound_text(std::move(call.arguments));
  call.name = sound_text(std::move(call.name));
  call.id = sound_text(std::move(call.id));
  verdict out;
  const auto object = check_json_object(call.arguments);
  auto written = object ? call.arguments : std::exchange(call.arguments, "{}");
  auto known = toolset().resolve(call.name);
  if (!known) {
    out.refusal = "error: " + known.error().context;
    return out;
  }
  out.what = std::move(*known);
  if (!object) {
    out.refusal = misfit_text("expected a JSON object: " + object.error().context, written);
  } else if (const auto fits = toolset().check(out.what, written); !fits) {
    out.refusal = misfit_text(fits.error().context, written);
  }
  return out;
}

void turn_driver::carry_out(const std::vector<verdict>& verdicts) {
  std::vector<std::string> to_start;
  std::vector<std::string> to_ask;
  for (const auto& v : verdicts) {
    if (!v.refusal.empty()) {
      reject(v.call, v.refusal);
    } else if (v.what.kind == call_kind::hand_over) {
      note(libagent::tool_ended{.call = v.call, .output = v.what.target + " takes over"});
    } else {
      (v.what.needs_approval ? to_ask : to_start).push_back(v.call);
    }
  }
  if (!to_ask.empty())
    note(approval_asked{.calls = to_ask, .time_left = time_left()});
  if (!to_start.empty())
    start(to_start);
  flush(!to_ask.empty());
  wait_or_go_on();
}

void turn_driver::reject(const std::string& call, const std::string& why) {
  libagent::tool_ended result{.call = call,
                              .output = cut_with_note(sound_text(why), limits().tool_output_bytes),
                              .succeeded = false};
  tell_result(result);
  note(std::move(result));
}

void turn_driver::tell_result(const libagent::tool_ended& result) {
  for (const auto& c : history_->calls()) {
    if (c.call.id == result.call)
      act(tell{turn_tool_ended{c.call, result.succeeded, result.output, result.took}});
  }
}

void turn_driver::start(const std::vector<std::string>& calls) {
  note(tools_started{calls});
  std::vector<recorded_call> to_run;
  for (const auto& c : history_->calls()) {
    if (std::ranges::find(calls, c.call.id) != calls.end())
      to_run.push_back(c);
  }
  // What is pure may run unrecorded. All else needs its step on disk: run again after a crash, its
  // key must still mean the same call.
  const auto set = toolset();
  flush(!std::ranges::all_of(to_run, [&set](const recorded_call& c) {
    const auto known = set.resolve(c.call.name);
    return known && known->call_effects == effects::pure;
  }) || !history_->approvals().empty());
  for (const auto& c : to_run)
    run(c);
}

void turn_driver::run(const recorded_call& recorded) {
  const auto& call = recorded.call;
  const auto known = toolset().resolve(call.name);
  if (!known)
    return reject(call.id, "error: not run: " + known.error().context);
  work().running.push_back(call.id);
  act(tell{turn_tool_began{call}});
  const auto& terms = turn().terms;
  const auto level = terms.level.value_or(criticality::critical);
  if (known->kind == call_kind::ask) {
    act(ask_agent{.call = call.id,
                  .agent = known->target,
                  .question = question_in(call.arguments),
                  .key = history_->call_key(call.id),
                  .deadline = work().deadline,
                  .trace = terms.trace,
                  .client = terms.client,
                  .level = level,
                  .cost_left_micro = cost_left()});
    return;
  }
  const bool is_pure = known->call_effects == effects::pure;
  act(run_tool{.call = call.id,
               .tool = call.name,
               .arguments = call.arguments,
               .key = is_pure ? std::string{} : history_->call_key(call.id),
               .tool_effects = known->call_effects,
               .deadline = work().deadline,
               .trace = terms.trace,
               .client = terms.client,
               .level = level});
}

void turn_driver::run_again(const recorded_call& recorded) {
  const auto known = toolset().resolve(recorded.call.name);
  if (known && known->kind == call_kind::ask && known->call_effects == effects::once) {
    return reject(recorded.call.id, "interrupted: it had begun and may or may not have happened");
  }
  run(recorded);
}

void turn_driver::tool_ended(std::string_view call, tool_outcome end) {
  std::erase(work().running, call);
  auto text = end.output ? std::move(*end.output) : "error: " + to_string(end.output.error());
  libagent::tool_ended result{
      .call = std::string{call},
      .output = cut_with_note(sound_text(std::move(text)), limits().tool_output_bytes),
      .succeeded = end.output.has_value(),
      .took = std::max(end.took, std::chrono::milliseconds{0}),
      .usage = end.usage,
      .cost_micro = end.cost_micro};
  tell_result(result);
  note(std::move(result));
  flush(false);
  wait_or_go_on();
}

void turn_driver::decided(std::string_view call, const approval_decision& decision) {
  const std::string id{call};
  auto due = turn().terms.deadline;
  if (std::exchange(work().paused, false)) {
    due = at_.wall + turn().time_left.count();
    work().deadline = at_.now + turn().time_left;
    act(set_deadline{work().deadline});
  }
  note(approval_decided{
      .call = id, .allowed = decision.allowed, .client = decision.client, .deadline = due});
  if (decision.allowed) {
    start({id});
  } else {
    reject(id, decision.reason.empty() ? "not allowed: a person refused it"
                                       : "not allowed: a person refused it: " + decision.reason);
    flush(true);
  }
  wait_or_go_on();
}

void turn_driver::wait_or_go_on() {
  if (!*work_ || !work().running.empty())
    return;
  const auto calls = history_->calls();
  if (std::ranges::any_of(calls, [](const auto& c) { return c.phase == call_phase::waits; })) {
    pause();
  } else {
    step_completed();
  }
}

void turn_driver::pause() {
  work().paused = true;
  act(set_deadline{});
  auto result = history_->result();
  result.state = turn_state::needs_approval;
  act(pause_turn{std::move(result)});
}

void turn_driver::step_completed() {
  if (auto why = repeats_failure())
    return fail(std::move(*why));
  hand_over_if_asked();
  next_step();
}

std::optional<error> turn_driver::repeats_failure() const {
  const auto entries = history_->entries().subspan(facts().first_step);
  for (const auto& failed : history_->calls()) {
    if (failed.succeeded)
      continue;
    std::size_t times = 0;
    for (const auto& entry : entries) {
      times += static_cast<std::size_t>(std::ranges::count_if(
          entry.calls, [&failed](const auto& c) { return fails_alike(failed, c); }));
    }
    if (times >= failures_max) {
      return error{errc::tool_failed, "turn: the call of " + quoted_excerpt(failed.call.name, 64) +
                                          " failed " + std::to_string(times) +
                                          " times alike: " + quoted_excerpt(failed.output, 200)};
    }
  }
  return std::nullopt;
}

void turn_driver::hand_over_if_asked() {
  for (const auto& c : history_->calls()) {
    const auto known = toolset().resolve(c.call.name);
    if (!c.succeeded || !known || known->kind != call_kind::hand_over ||
        known->target == history_->agent())
      continue;
    note(handed_over{known->target});
    work().agent = world_->agents->find(known->target);
    act(hand_over{known->target});
    act(tell{turn_handed_over{known->target}});
    flush(false);
    return;
  }
}

}  // namespace libagent
