#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/agent_environment.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

inline constexpr std::string_view ask_prefix = "ask_";
inline constexpr std::string_view hand_over_prefix = "hand_over_to_";

enum class call_kind : std::uint8_t { tool, ask, hand_over };

/// What a call would do.
struct resolved_call {
  call_kind kind = call_kind::tool;
  std::string target;  ///< The tool or the agent.
  effects call_effects = effects::idempotent;
  bool needs_approval = false;
};

/// What an agent can call: its tools, the agents it may ask, and those it may hand over to.
///
/// Refers to what it was made of. Thread safety: none.
class agent_toolset {
public:
  agent_toolset(const agent_declaration& agent, const agent_environment& world)
      : agent_{&agent}, world_{&world} {}

  /// What is not there (any more) is left out.
  [[nodiscard]] std::vector<tool_definition> definitions() const;

  /// Errors: `not_found`, with the nearest name there is and all of them.
  [[nodiscard]] expected<resolved_call> resolve(std::string_view name) const;

  /// Checks arguments. Errors: `invalid_argument`, saying where they do not fit.
  [[nodiscard]] expected<void> check(const resolved_call& call, const std::string& arguments) const;

private:
  [[nodiscard]] effects effects_of(std::string_view agent) const;
  [[nodiscard]] error unknown(std::string_view name) const;

  const agent_declaration* agent_;
  const agent_environment* world_;
};

/// The question in the arguments of an `ask_NAME` that were checked.
[[nodiscard]] std::string question_in(const std::string& arguments);

}  // namespace libagent
