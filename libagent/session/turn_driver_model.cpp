#include "libagent/session/guardrails.hpp"
#include "libagent/session/turn_cache.hpp"
#include "libagent/session/turn_driver.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

constexpr std::uint64_t usual_window = 8'192;
constexpr std::size_t summary_bytes_max = 8'192;
constexpr std::string_view last_step_note =
    "You cannot call any more tools now. Answer with what you know.";

void add_note(std::vector<chat_message>& messages) {
  if (messages.empty() || messages.front().role != chat_role::system) {
    messages.insert(messages.begin(),
                    {.role = chat_role::system, .content = std::string{last_step_note}});
    return;
  }
  messages.front().content.append("\n\n").append(last_step_note);
}

std::uint64_t request_weight(const chat_request& request) {
  std::uint64_t sum = 0;
  for (const auto& m : request.messages)
    sum += message_weight(m);
  for (const auto& t : request.tools)
    sum += definition_weight(t);
  return sum;
}

/// What llama.cpp's server answers, with status 500, when the model wrote a call that is no JSON.
bool is_about_arguments(const error& failure) {
  return failure.context.find("parse tool call arguments") != std::string::npos;
}

}  // namespace

void turn_driver::next_step() {
  auto tools = has_client_tools() ? turn().terms.client_tools : toolset().definitions();
  const auto space = room(tools);
  const auto plan = plan_context(*history_, space);
  const auto tokens = space.gauge.tokens(plan.bytes);
  if (auto why = spent(tokens))
    return fail(std::move(*why));
  if (work().agent->context.policy == context_policy::summarise && plan.left_out &&
      order_summary(space))
    return;
  work().is_last_step = !has_client_tools() && !tools.empty() && is_last(tokens);
  if (work().is_last_step)
    tools.clear();
  auto request = request_for(plan, space, std::move(tools));
  if (asks_cache(request))
    return;
  order(std::move(request),
        !work().in_one_piece && work().agent->guardrails.blocked_output.empty());
}

bool turn_driver::asks_cache(const chat_request& request) {
  if (!work().agent->cache || work().asked_cache || has_client_tools() || facts().steps > 0)
    return false;
  work().asked_cache = true;
  auto key = turn_cache_key(turn().terms.client, work().agent->name, work().agent->model, request);
  if (!key)
    return false;
  work().cache_key = *key;
  act(ask_cache{std::move(*key)});
  return true;
}

std::optional<error> turn_driver::spent(std::uint64_t prompt_tokens) const {
  const auto& max = limits();
  const auto used = [this](const std::string& what) {
    return error{errc::budget_exceeded,
                 "turn: " + what + " after " + std::to_string(facts().steps) + " steps, no answer"};
  };
  if (at_.now >= work().deadline)
    return error{errc::deadline_exceeded, "turn: out of time"};
  if (facts().steps >= max.steps)
    return used("all of " + std::to_string(max.steps) + " steps taken");
  if (facts().usage.total() + prompt_tokens > max.tokens) {
    return used(std::to_string(facts().usage.total()) + " tokens used and about " +
                std::to_string(prompt_tokens) + " to be read next, of " +
                std::to_string(max.tokens));
  }
  if (max.cost_micro > 0 && facts().cost_micro >= max.cost_micro)
    return used("all of " + std::to_string(max.cost_micro) + " millionths spent");
  return std::nullopt;
}

bool turn_driver::is_last(std::uint64_t prompt_tokens) const {
  const auto& max = limits();
  if (facts().steps + 1 >= max.steps || facts().tool_calls >= max.tool_calls)
    return true;
  if (facts().steps == 0)
    return false;
  const auto another = 2 * (prompt_tokens + work().agent->context.reserve);
  const auto cost_of_two = 2 * (facts().cost_micro / facts().steps);
  return facts().usage.total() + another > max.tokens || time_left() < max.time / 5 ||
         (max.cost_micro > 0 && facts().cost_micro + cost_of_two > max.cost_micro);
}

context_room turn_driver::room(const std::vector<tool_definition>& tools) const {
  const auto& agent = *work().agent;
  context_room out{.tokens = agent.context.tokens,
                   .reserve = agent.context.reserve,
                   .instructions = agent.instructions,
                   .gauge = work().gauge.value_or(history_->gauge())};
  if (out.tokens == 0 && world_->window)
    out.tokens = world_->window(agent.model).value_or(0);
  if (out.tokens == 0)
    out.tokens = usual_window;
  out.tokens = std::min(out.tokens, work().window.value_or(out.tokens));
  for (const auto& t : tools)
    out.fixed_bytes += definition_weight(t);
  return out;
}

chat_request turn_driver::request_for(const context_plan& plan, const context_room& space,
                                      std::vector<tool_definition> tools) const {
  const auto& terms = turn().terms;
  chat_request out{.messages = context_messages(*history_, plan, space),
                   .tools = std::move(tools),
                   .format = terms.format,
                   .how = terms.how};
  if (work().is_last_step)
    add_note(out.messages);
  if (!out.tools.empty()) {
    // To insist on a call in every step would be a turn without an end.
    if (facts().tool_calls == 0 || terms.choice.mode == tool_choice_mode::none)
      out.choice = terms.choice;
    out.parallel_tool_calls = terms.parallel_tool_calls;
  }
  if (!out.how.temperature)
    out.how.temperature = work().agent->temperature;
  if (!out.how.tokens_max)
    out.how.tokens_max = work().agent->reply_tokens_max;
  if (work().seed_shift > 0)
    out.how.seed = out.how.seed.value_or(0) + work().seed_shift;
  return out;
}

bool turn_driver::order_summary(const context_room& space) {
  if (work().tried_summary || !work().is_kept)
    return false;
  work().tried_summary = true;
  auto plan = plan_summary(*history_, space);
  if (plan.entries == 0)
    return false;
  plan.request.how.tokens_max = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(work().agent->context.reserve, 64, 1'024));
  work().summary_entries = plan.entries;
  order(std::move(plan.request), false);
  return true;
}

void turn_driver::order(chat_request request, bool stream) {
  work().order = (*next_order_)++;
  work().streams = stream;
  work().prompt_bytes = request_weight(request);
  const auto& terms = turn().terms;
  act(order_model{.order = work().order,
                  .model = work().agent->model,
                  .request = std::make_shared<const chat_request>(std::move(request)),
                  .stream = stream,
                  .in_one_piece = work().in_one_piece,
                  .passes_calls = stream && has_client_tools(),
                  .deadline = work().deadline,
                  .agent = work().agent->name,
                  .trace = terms.trace,
                  .client = terms.client,
                  .level = terms.level.value_or(criticality::critical),
                  .cost_left_micro = cost_left(),
                  .agent_budget_micro = work().agent->cost_budget_micro});
}

void turn_driver::model_ended(model_outcome end) {
  work().order = 0;
  if (work().stopping) {
    if (work().summary_entries == 0) {
      note_partial(end.reply ? std::move(end.reply->message) : std::move(end.so_far),
                   end.cost_micro);
    }
    return this->end(std::move(*work().stopping));
  }
  if (work().summary_entries > 0)
    return summary_ended(std::move(end));
  if (!end.reply)
    return model_failed(std::move(end));
  reply_came(std::move(*end.reply), end.cost_micro);
}

void turn_driver::summary_ended(model_outcome end) {
  const auto entries = std::exchange(work().summary_entries, 0);
  // Without a summary the oldest turns are left out all the same.
  if (end.reply && !is_blank(end.reply->message.content)) {
    note(summarised{
        .entries = entries,
        .text = cut_with_note(sound_text(std::move(end.reply->message.content)), summary_bytes_max),
        .usage = end.reply->usage,
        .cost_micro = end.cost_micro});
    flush(false);
  }
  next_step();
}

void turn_driver::model_failed(model_outcome end) {
  if (tries_again(end))
    return next_step();
  note_partial(std::move(end.so_far), end.cost_micro);
  fail(std::move(end.reply.error()));
}

bool turn_driver::tries_again(const model_outcome& end) {
  if (end.began)
    return false;
  const auto& failure = end.reply.error();
  if (is_about_arguments(failure) && !std::exchange(work().retried_arguments, true)) {
    ++work().seed_shift;
    return true;
  }
  if (failure.code != errc::context_too_long || std::exchange(work().retried_context, true))
    return false;
  const auto bytes = work().prompt_bytes;
  if (end.prompt_tokens)
    work().gauge = token_gauge::measured(bytes, *end.prompt_tokens);
  const auto before = work().gauge.value_or(history_->gauge()).tokens(bytes);
  work().window = end.context_tokens.value_or(before * 7 / 10 + work().agent->context.reserve);
  const auto plan = plan_context(*history_, room({}));
  return plan.left_out || !plan.fits || plan.bytes < bytes;
}

void turn_driver::note_partial(chat_message so_far, std::uint64_t cost_micro) {
  const auto& rules = work().agent->guardrails;
  if (has_phrase(so_far.content, rules.blocked_output))
    so_far.content.clear();
  if (so_far.content.empty() && cost_micro == 0)
    return;
  step_taken step{
      .finish = finish_reason::length, .model = work().agent->model, .cost_micro = cost_micro};
  step.message = {
      .role = chat_role::assistant,
      .content = cut_with_note(sound_text(std::move(so_far.content)), rules.output_bytes_max)};
  const auto gauge = history_->gauge();
  step.usage = {.prompt = gauge.tokens(work().prompt_bytes),
                .completion = gauge.tokens(step.message.content.size()),
                .estimated = true};
  note(std::move(step));
}

}  // namespace libagent
