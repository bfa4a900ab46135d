#include "libagent/record/json.hpp"
#include "libagent/session/session_event.hpp"
#include "libagent/session/session_event_wire.hpp"

#include <array>
#include <type_traits>

namespace libagent {

namespace {

namespace wire = session_wire;

constexpr std::array<std::string_view, std::variant_size_v<session_event>> event_kinds{
    "turn", "step", "start", "result", "ask", "decide", "hand", "sum", "end"};

template <class T>
std::optional<T> unless_usual(const T& value, const std::type_identity_t<T>& usual = {}) {
  return value == usual ? std::nullopt : std::optional<T>{value};
}

template <class T>
std::optional<raw_json> unless_empty(const T& json) {
  return json.text.empty() ? std::nullopt : std::optional<raw_json>{json};
}

std::optional<wire::usage> wire_usage(const token_usage& u) {
  if (u == token_usage{})
    return std::nullopt;
  return wire::usage{u.prompt, u.completion, unless_usual(u.cached), unless_usual(u.reasoning),
                     unless_usual(u.estimated)};
}

std::optional<std::vector<wire::call>> wire_calls(const std::vector<tool_call>& calls) {
  if (calls.empty())
    return std::nullopt;
  std::vector<wire::call> out;
  out.reserve(calls.size());
  for (const auto& c : calls)
    out.push_back({c.id, c.name, unless_usual(c.arguments, "{}")});
  return out;
}

wire::message wire_message(const chat_message& m) {
  return {.r = unless_usual(m.role, chat_role::user),
          .c = unless_usual(m.content),
          .t = wire_calls(m.tool_calls),
          .i = unless_usual(m.tool_call_id),
          .n = unless_usual(m.name),
          .p = unless_empty(m.parts)};
}

std::optional<std::vector<wire::definition>> wire_tools(const std::vector<tool_definition>& tools) {
  if (tools.empty())
    return std::nullopt;
  std::vector<wire::definition> out;
  out.reserve(tools.size());
  for (const auto& t : tools) {
    out.push_back(
        {t.name, unless_usual(t.description), unless_empty(t.parameters), unless_usual(t.strict)});
  }
  return out;
}

std::optional<wire::choice> wire_choice(const tool_choice& c) {
  if (c == tool_choice{})
    return std::nullopt;
  return wire::choice{static_cast<std::uint8_t>(c.mode), unless_usual(c.function)};
}

std::optional<wire::format> wire_format(const reply_format& x) {
  if (x == reply_format{})
    return std::nullopt;
  return wire::format{static_cast<std::uint8_t>(x.kind), unless_usual(x.name),
                      unless_empty(x.schema), unless_usual(x.strict)};
}

std::optional<wire::how> wire_how(const sampling& x) {
  if (x == sampling{})
    return std::nullopt;
  return wire::how{.t = x.temperature,
                   .p = x.top_p,
                   .pp = x.presence_penalty,
                   .fp = x.frequency_penalty,
                   .s = x.seed,
                   .m = x.tokens_max,
                   .e = unless_usual(x.stop),
                   .r = unless_usual(x.reasoning_effort)};
}

wire::turn to_wire(const turn_began& x) {
  wire::turn out{.id = x.id,
                 .key = unless_usual(x.key),
                 .agent = x.agent,
                 .client = unless_usual(x.terms.client),
                 .trace = unless_usual(x.terms.trace),
                 .tools = wire_tools(x.terms.client_tools),
                 .tc = wire_choice(x.terms.choice),
                 .par = x.terms.parallel_tool_calls,
                 .fmt = wire_format(x.terms.format),
                 .sampled = wire_how(x.terms.how),
                 .lvl = x.terms.level,
                 .lim = unless_usual(x.terms.limits),
                 .due = x.terms.deadline,
                 .at = x.at};
  out.m.reserve(x.messages.size());
  for (const auto& m : x.messages)
    out.m.push_back(wire_message(m));
  return out;
}

wire::step to_wire(const step_taken& x) {
  return {.m = wire_message(x.message),
          .f = unless_usual(x.finish, finish_reason::stop),
          .by = unless_usual(x.model),
          .u = wire_usage(x.usage),
          .cost = unless_usual(x.cost_micro),
          .pb = unless_usual(x.prompt_bytes),
          .found = unless_usual(x.found, true),
          .cite = unless_usual(x.citations)};
}

wire::started to_wire(const tools_started& x) {
  return {.c = x.calls};
}

wire::ended to_wire(const tool_ended& x) {
  return {.c = x.call,
          .o = x.output,
          .ok = unless_usual(x.succeeded, true),
          .ms = unless_usual(x.took),
          .u = wire_usage(x.usage),
          .cost = unless_usual(x.cost_micro)};
}

wire::asked to_wire(const approval_asked& x) {
  return {.c = x.calls, .left = x.time_left};
}

wire::decided to_wire(const approval_decided& x) {
  return {.c = x.call, .ok = x.allowed, .by = unless_usual(x.client), .due = x.deadline};
}

wire::handed to_wire(const handed_over& x) {
  return {.agent = x.agent};
}

wire::summary to_wire(const summarised& x) {
  return {
      .n = x.entries, .t = x.text, .u = wire_usage(x.usage), .cost = unless_usual(x.cost_micro)};
}

wire::end to_wire(const turn_ended& x) {
  return {.s = x.state, .e = x.failure, .cache = unless_usual(x.cache), .at = x.at};
}

}  // namespace

std::string_view kind_of(const session_event& event) {
  return event_kinds.at(event.index());
}

std::string encode_event(const session_event& event) {
  return std::visit(
      [&event](const auto& x) {
        auto out = to_wire(x);
        out.k = kind_of(event);
        return to_json(out);
      },
      event);
}

}  // namespace libagent
