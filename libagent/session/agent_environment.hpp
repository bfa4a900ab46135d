#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/tasks/task.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// A tool as an agent's turn sees it.
struct catalog_tool {
  tool_definition definition;
  effects tool_effects = effects::idempotent;
  bool needs_approval = false;  ///< Asks for a person's word whatever the agent declares.
};

/// The tools that there are. Lives longer than the loops that use it.
class tool_catalog {
public:
  tool_catalog() = default;
  tool_catalog(const tool_catalog&) = delete;
  tool_catalog& operator=(const tool_catalog&) = delete;
  virtual ~tool_catalog() = default;

  /// Null: there is no such tool (now).
  [[nodiscard]] virtual std::shared_ptr<const catalog_tool> find(std::string_view name) const = 0;

  /// Checks arguments without running. Errors: `invalid_argument` naming the path, which a model
  /// gets to read.
  [[nodiscard]] virtual expected<void> check(std::string_view name,
                                             const std::string& arguments) const = 0;
};

/// The agents that there are. Lives longer than the loops that use it.
class agent_directory {
public:
  agent_directory() = default;
  agent_directory(const agent_directory&) = delete;
  agent_directory& operator=(const agent_directory&) = delete;
  virtual ~agent_directory() = default;

  /// A declared agent; null: there is none of that name.
  [[nodiscard]] virtual std::shared_ptr<const agent_declaration> find(
      std::string_view name) const = 0;

  /// What an agent is for, also of one that is written in C++; empty: there is none.
  [[nodiscard]] virtual std::optional<std::string> description(std::string_view name) const = 0;
};

/// What a loop needs to know of the world. The pointers are never null.
struct agent_environment {
  const tool_catalog* tools = nullptr;
  const agent_directory* agents = nullptr;
  /// Window of a model (`PROVIDER/MODEL`) in tokens, when it is known; may be left empty.
  std::function<std::optional<std::uint64_t>(const std::string& model)> window;
};

}  // namespace libagent
