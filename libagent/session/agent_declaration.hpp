#pragma once

#include "libagent/models/chat.hpp"
#include "libagent/record/field.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// How far one turn may go.
struct turn_limits {
  std::uint32_t steps = 16;        ///< Model calls.
  std::uint64_t tokens = 200'000;  ///< Read and written, over all steps.
  std::chrono::milliseconds time{120'000};
  std::uint64_t cost_micro = 0;              ///< Millionths of the prices' currency; 0: no limit.
  std::uint32_t tool_calls = 64;             ///< Over all steps.
  std::uint32_t tool_output_bytes = 32'768;  ///< Of one result, as the model reads it.

  friend bool operator==(const turn_limits&, const turn_limits&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, turn_limits& x) {
  return record(
      f, x, "turn_limits",
      field("steps", "Model calls in a turn.", x.steps).range(1, 1000).fallback(16U),
      field("tokens", "Tokens read and written in a turn.", x.tokens)
          .range(1, 1'000'000'000)
          .fallback(std::uint64_t{200'000}),
      field("time_ms", "Milliseconds for a turn.", x.time)
          .fallback(std::chrono::milliseconds{120'000}),
      field("cost_micro", "Millionths of the currency; 0: no limit.", x.cost_micro)
          .fallback(std::uint64_t{0}),
      field("tool_calls", "Tool calls in a turn.", x.tool_calls).range(0, 10'000).fallback(64U),
      field("tool_output_bytes", "Bytes of a tool's result that the model reads.",
            x.tool_output_bytes)
          .range(64, 16'777'216)
          .fallback(32'768U));
}

/// What of a long conversation a model gets to read.
enum class context_policy : std::uint8_t { truncate, summarise };

template <>
struct enum_names<context_policy> {
  static constexpr std::array<std::pair<context_policy, std::string_view>, 2> values{
      {{context_policy::truncate, "truncate"}, {context_policy::summarise, "summarise"}}};
};

struct context_rules {
  context_policy policy = context_policy::truncate;
  std::uint64_t tokens = 0;       ///< Window; 0: what the provider says, else 8,192.
  std::uint64_t reserve = 1'024;  ///< Left free for the reply.

  friend bool operator==(const context_rules&, const context_rules&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, context_rules& x) {
  return record(
      f, x, "context_rules",
      field("policy", "Old turns are left out, or summarised by the model.", x.policy)
          .fallback(context_policy::truncate),
      field("tokens", "Window in tokens; 0: the provider's.", x.tokens).fallback(std::uint64_t{0}),
      field("reserve", "Tokens left for the reply.", x.reserve).fallback(std::uint64_t{1'024}));
}

/// What is refused before a model sees it, and before anybody sees a reply.
struct guardrail_rules {
  std::uint32_t input_bytes_max = 65'536;
  std::uint32_t output_bytes_max = 262'144;
  std::vector<std::string> blocked_input;           ///< Phrases, compared without case.
  std::vector<std::string> blocked_output;          ///< Phrases, compared without case.
  std::string refusal = "I can't help with that.";  ///< Said instead.

  friend bool operator==(const guardrail_rules&, const guardrail_rules&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, guardrail_rules& x) {
  return record(f, x, "guardrail_rules",
                field("input_bytes_max", "Bytes of a user's message.", x.input_bytes_max)
                    .range(1, 1'048'576)
                    .fallback(65'536U),
                field("output_bytes_max", "Bytes of a reply.", x.output_bytes_max)
                    .range(1, 16'777'216)
                    .fallback(262'144U),
                field("blocked_input", "Phrases that are refused.", x.blocked_input)
                    .fallback(std::vector<std::string>{}),
                field("blocked_output", "Phrases that no reply may have.", x.blocked_output)
                    .fallback(std::vector<std::string>{}),
                field("refusal", "What is said instead.", x.refusal)
                    .fallback(std::string{"I can't help with that."}));
}

/// The prefix of the model of an agent that is written in C++: it answers instead of a model.
inline constexpr std::string_view actor_model_prefix = "actor/";

/// An agent that needs no code: a file in `configs/agents/`.
struct agent_declaration {
  std::string name;  ///< `[A-Za-z0-9_-]{1,64}`.
  std::string description;
  std::string instructions;            ///< The system message.
  std::string model;                   ///< `PROVIDER/MODEL`, or `extractive`.
  std::vector<std::string> tools;      ///< Names.
  std::vector<std::string> approvals;  ///< Those of them that a person has to allow each time.
  std::vector<std::string> agents;     ///< Others that it can ask, as tools `ask_NAME`.
  std::vector<std::string> handovers;  ///< Others that can take over, as tools `hand_over_to_NAME`.
  turn_limits limits;
  context_rules context;
  guardrail_rules guardrails;
  std::optional<double> temperature;
  std::optional<std::uint32_t> reply_tokens_max;
  bool cache = false;  ///< Equal questions get an equal answer from the response cache.
  std::uint64_t cost_budget_micro = 0;  ///< Of all its turns in a day; 0: no limit.

  friend bool operator==(const agent_declaration&, const agent_declaration&) = default;
};

/// Whether this stands for an agent in C++, of which nothing else is declared.
[[nodiscard]] inline bool is_written(const agent_declaration& agent) {
  return agent.model.starts_with(actor_model_prefix);
}

template <class Inspector>
bool inspect(Inspector& f, agent_declaration& x) {
  const std::vector<std::string> none;
  return record(
      f, x, "agent_declaration", field("name", "What it is asked as.", x.name).max_size(64),
      field("description", "What it is for; other agents read it too.", x.description)
          .max_size(1'024),
      field("instructions", "What the model is told before anything else.", x.instructions)
          .max_size(65'536)
          .fallback(std::string{}),
      field("model", "PROVIDER/MODEL, or extractive.", x.model)
          .max_size(256)
          .fallback(std::string{"extractive"}),
      field("tools", "Tools that it may call.", x.tools).fallback(none),
      field("approvals", "Tools that a person has to allow each time.", x.approvals).fallback(none),
      field("agents", "Agents that it may ask.", x.agents).fallback(none),
      field("handovers", "Agents that may take over.", x.handovers).fallback(none),
      field("limits", "How far one turn may go.", x.limits).fallback(turn_limits{}),
      field("context", "What of a long conversation the model reads.", x.context)
          .fallback(context_rules{}),
      field("guardrails", "What is refused.", x.guardrails).fallback(guardrail_rules{}),
      field("temperature", "0 to 2; default: the provider's.", x.temperature),
      field("reply_tokens_max", "Longest reply; default: the provider's.", x.reply_tokens_max),
      field("cache", "Answer equal questions from the cache.", x.cache).fallback(false),
      field("cost_budget_micro", "Cost of a day in millionths; 0: no limit.", x.cost_budget_micro)
          .fallback(std::uint64_t{0}));
}

}  // namespace libagent
