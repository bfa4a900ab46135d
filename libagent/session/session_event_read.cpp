#include "libagent/base/text.hpp"
#include "libagent/record/json.hpp"
#include "libagent/session/session_event.hpp"
#include "libagent/session/session_event_wire.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent {

namespace {

namespace wire = session_wire;

// The largest holds what somebody sent in one request; far more than any door lets through.
constexpr json_limits event_limits{.bytes_max = 256U << 20U, .depth_max = 128};

token_usage usage_of(const std::optional<wire::usage>& x) {
  if (!x)
    return {};
  return {x->p, x->c, x->h.value_or(0), x->r.value_or(0), x->e.value_or(false)};
}

std::string text_of(std::optional<std::string>& x) {
  return x ? std::move(*x) : std::string{};
}

raw_json json_of(std::optional<raw_json>& x) {
  return x ? std::move(*x) : raw_json{};
}

chat_message message_of(wire::message& x) {
  chat_message out{.role = x.r.value_or(chat_role::user),
                   .content = text_of(x.c),
                   .tool_call_id = text_of(x.i),
                   .name = text_of(x.n),
                   .parts = json_of(x.p)};
  if (x.t) {
    out.tool_calls.reserve(x.t->size());
    for (auto& c : *x.t)
      out.tool_calls.push_back({std::move(c.i), std::move(c.n), c.a ? std::move(*c.a) : "{}"});
  }
  return out;
}

reply_format format_of(std::optional<wire::format>& x) {
  if (!x)
    return {};
  return {static_cast<reply_format_kind>(x->k), text_of(x->n), json_of(x->s), x->t.value_or(false)};
}

sampling sampling_of(std::optional<wire::how>& x) {
  if (!x)
    return {};
  return {.temperature = x->t,
          .top_p = x->p,
          .presence_penalty = x->pp,
          .frequency_penalty = x->fp,
          .seed = x->s,
          .tokens_max = x->m,
          .stop = x->e ? std::move(*x->e) : std::vector<std::string>{},
          .reasoning_effort = text_of(x->r)};
}

std::vector<tool_definition> tools_of(std::optional<std::vector<wire::definition>>& x) {
  std::vector<tool_definition> out;
  if (!x)
    return out;
  out.reserve(x->size());
  for (auto& d : *x)
    out.push_back({std::move(d.n), text_of(d.d), json_of(d.p), d.s.value_or(false)});
  return out;
}

turn_terms terms_of(wire::turn& x) {
  turn_terms out{.client = text_of(x.client),
                 .trace = text_of(x.trace),
                 .client_tools = tools_of(x.tools),
                 .parallel_tool_calls = x.par,
                 .format = format_of(x.fmt),
                 .how = sampling_of(x.sampled),
                 .level = x.lvl,
                 .limits = x.lim.value_or(turn_limits{}),
                 .deadline = x.due};
  if (x.tc)
    out.choice = {static_cast<tool_choice_mode>(x.tc->m), text_of(x.tc->f)};
  return out;
}

session_event from_wire(wire::turn& x) {
  turn_began out{.id = std::move(x.id),
                 .key = text_of(x.key),
                 .agent = std::move(x.agent),
                 .terms = terms_of(x),
                 .at = x.at};
  out.messages.reserve(x.m.size());
  for (auto& m : x.m)
    out.messages.push_back(message_of(m));
  return out;
}

session_event from_wire(wire::step& x) {
  return step_taken{.message = message_of(x.m),
                    .finish = x.f.value_or(finish_reason::stop),
                    .model = text_of(x.by),
                    .usage = usage_of(x.u),
                    .cost_micro = x.cost.value_or(0),
                    .prompt_bytes = x.pb.value_or(0),
                    .found = x.found.value_or(true),
                    .citations = x.cite ? std::move(*x.cite) : std::vector<citation>{}};
}

session_event from_wire(wire::started& x) {
  return tools_started{std::move(x.c)};
}

session_event from_wire(wire::ended& x) {
  return tool_ended{.call = std::move(x.c),
                    .output = std::move(x.o),
                    .succeeded = x.ok.value_or(true),
                    .took = x.ms.value_or(std::chrono::milliseconds{0}),
                    .usage = usage_of(x.u),
                    .cost_micro = x.cost.value_or(0)};
}

session_event from_wire(wire::asked& x) {
  return approval_asked{std::move(x.c), x.left};
}

session_event from_wire(wire::decided& x) {
  return approval_decided{std::move(x.c), x.ok, text_of(x.by), x.due};
}

session_event from_wire(wire::handed& x) {
  return handed_over{std::move(x.agent)};
}

session_event from_wire(wire::summary& x) {
  return summarised{x.n, std::move(x.t), usage_of(x.u), x.cost.value_or(0)};
}

session_event from_wire(wire::end& x) {
  return turn_ended{x.s, std::move(x.e), text_of(x.cache), x.at};
}

template <class Wire>
expected<session_event> decode_as(std::string_view text) {
  auto read = from_json<Wire>(text, event_limits);
  if (!read)
    return error{errc::corrupt, read.error().context};
  return from_wire(*read);
}

/// What stands between the head of an event and the next quote; empty: the text begins otherwise.
std::optional<std::string_view> kind_in(std::string_view text) {
  constexpr std::string_view head = R"({"v":1,"k":")";
  if (!text.starts_with(head))
    return std::nullopt;
  text.remove_prefix(head.size());
  const auto end = text.find('"');
  if (end == std::string_view::npos)
    return std::nullopt;
  return text.substr(0, end);
}

error headless(std::string_view text) {
  constexpr std::string_view head = R"({"v":)";
  if (text.starts_with(head)) {
    auto version = text.substr(head.size());
    version = version.substr(0, std::min(version.find_first_not_of("0123456789"), version.size()));
    if (!version.empty() && version != "1") {
      return {errc::unsupported, "read event: version " + std::string{version.substr(0, 20)} +
                                     " is not known, only 1"};
    }
  }
  return {errc::corrupt,
          R"(read event: it does not begin with {"v":1,"k":" but with )" + quoted_excerpt(text)};
}

}  // namespace

expected<session_event> decode_event(std::string_view text) {
  using reader = expected<session_event> (*)(std::string_view);
  static constexpr std::array<std::pair<std::string_view, reader>, 9> readers{
      {{"turn", decode_as<wire::turn>},
       {"step", decode_as<wire::step>},
       {"start", decode_as<wire::started>},
       {"result", decode_as<wire::ended>},
       {"ask", decode_as<wire::asked>},
       {"decide", decode_as<wire::decided>},
       {"hand", decode_as<wire::handed>},
       {"sum", decode_as<wire::summary>},
       {"end", decode_as<wire::end>}}};
  const auto kind = kind_in(text);
  if (!kind)
    return headless(text);
  const auto* const known =
      std::ranges::find(readers, *kind, &std::pair<std::string_view, reader>::first);
  if (known == std::end(readers)) {
    return error{errc::unsupported,
                 "read event: kind " + quoted_excerpt(*kind) + " is not known to this version"};
  }
  auto done = known->second(text);
  if (!done)
    return error{done.error().code, "read " + std::string{*kind} + ": " + done.error().context};
  return done;
}

}  // namespace libagent
