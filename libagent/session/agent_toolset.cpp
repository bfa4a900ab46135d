#include "libagent/session/agent_toolset.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace libagent {

namespace {

struct ask_arguments {
  std::string question;
};

template <class Inspector>
bool inspect(Inspector& f, ask_arguments& x) {
  return record(f, x, "ask_arguments",
                field("question", "What it should do or answer.", x.question).max_size(262'144));
}

struct hand_over_arguments {
  std::optional<std::string> reason;
};

template <class Inspector>
bool inspect(Inspector& f, hand_over_arguments& x) {
  return record(f, x, "hand_over_arguments", field("reason", "Why.", x.reason));
}

constexpr const char* ask_schema =
    R"({"type":"object","properties":{"question":{"type":"string","description":"What it should )"
    R"(do or answer, with all it needs to know."}},"required":["question"],)"
    R"("additionalProperties":false})";
constexpr const char* hand_over_schema =
    R"({"type":"object","properties":{"reason":{"type":"string","description":"Why."}},)"
    R"("required":[],"additionalProperties":false})";

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The agent that a tool stands for; empty: the name has another shape.
std::string_view behind(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string_view{};
}

template <class T>
expected<void> check_as(const std::string& arguments) {
  if (const auto read = from_json<T>(arguments); !read)
    return read.error();
  return {};
}

}  // namespace

std::vector<tool_definition> agent_toolset::definitions() const {
  std::vector<tool_definition> out;
  for (const auto& name : agent_->tools) {
    if (const auto found = world_->tools->find(name))
      out.push_back(found->definition);
  }
  for (const auto& name : agent_->agents) {
    if (const auto about = world_->agents->description(name)) {
      out.push_back(
          {std::string{ask_prefix} + name, "Asks the agent " + name + ". " + *about, {ask_schema}});
    }
  }
  for (const auto& name : agent_->handovers) {
    if (const auto other = world_->agents->find(name)) {
      out.push_back({std::string{hand_over_prefix} + name,
                     "Lets the agent " + name + " answer from now on. " + other->description,
                     {hand_over_schema}});
    }
  }
  return out;
}

expected<resolved_call> agent_toolset::resolve(std::string_view name) const {
  const bool asks_person = is_among(agent_->approvals, name);
  if (is_among(agent_->tools, name)) {
    if (const auto found = world_->tools->find(name)) {
      return resolved_call{call_kind::tool, std::string{name}, found->tool_effects,
                           asks_person || found->needs_approval};
    }
  }
  if (const auto other = behind(ask_prefix, name);
      is_among(agent_->agents, other) && world_->agents->description(other))
    return resolved_call{call_kind::ask, std::string{other}, effects_of(other), asks_person};
  if (const auto other = behind(hand_over_prefix, name);
      is_among(agent_->handovers, other) && world_->agents->find(other))
    return resolved_call{call_kind::hand_over, std::string{other}, effects::idempotent, false};
  return unknown(name);
}

effects agent_toolset::effects_of(std::string_view agent) const {
  // What an agent written in C++ does is not known, and those that others ask are not followed.
  const auto found = world_->agents->find(agent);
  if (!found || is_written(*found) || !found->agents.empty() || !found->handovers.empty())
    return effects::once;
  auto most = effects::idempotent;
  for (const auto& name : found->tools) {
    if (const auto used = world_->tools->find(name))
      most = std::max(most, used->tool_effects);
  }
  return most;
}

error agent_toolset::unknown(std::string_view name) const {
  const auto known = definitions();
  std::vector<std::string_view> names;
  names.reserve(known.size());
  for (const auto& d : known)
    names.push_back(d.name);
  auto text = "no tool is called " + quoted_excerpt(name, 64) + did_you_mean(name, names);
  text += names.empty() ? "; there are none" : "; there are:";
  for (const auto& n : names)
    text.append(" ").append(n);
  return {errc::not_found, std::move(text)};
}

expected<void> agent_toolset::check(const resolved_call& call, const std::string& arguments) const {
  switch (call.kind) {
    case call_kind::tool: return world_->tools->check(call.target, arguments);
    case call_kind::ask: return check_as<ask_arguments>(arguments);
    case call_kind::hand_over: return check_as<hand_over_arguments>(arguments);
  }
  return {};
}

std::string question_in(const std::string& arguments) {
  auto read = from_json<ask_arguments>(arguments);
  return read ? std::move(read->question) : std::string{};
}

}  // namespace libagent
