#pragma once

#include "libagent/models/context_windows.hpp"
#include "libagent/session/agent_environment.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// A registry's tools, as turns see them. Thread safety: any thread.
class registry_catalog final : public tool_catalog {
public:
  /// @pre `tools` is not null, and does not change any more.
  explicit registry_catalog(std::shared_ptr<const tool_registry> tools);

  [[nodiscard]] std::shared_ptr<const catalog_tool> find(std::string_view name) const override;
  [[nodiscard]] expected<void> check(std::string_view name,
                                     const std::string& arguments) const override;

  /// A tool's own time limit; empty: there is no such tool.
  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout(std::string_view name) const;

private:
  std::shared_ptr<const tool_registry> tools_;
  std::map<std::string, std::shared_ptr<const catalog_tool>, std::less<>> definitions_;
};

/// All agents, declared or written in C++. Thread safety: any thread.
class fixed_agents final : public agent_directory {
public:
  /// @pre No two agents have the same name.
  fixed_agents(const std::vector<agent_declaration>& declared,
               const std::vector<agent_info>& written);

  /// One that is written in C++ is declared with itself as its model; see `is_written`.
  [[nodiscard]] std::shared_ptr<const agent_declaration> find(std::string_view name) const override;
  [[nodiscard]] std::optional<std::string> description(std::string_view name) const override;

  /// By name.
  [[nodiscard]] std::vector<agent_info> list() const;

private:
  std::map<std::string, std::shared_ptr<const agent_declaration>, std::less<>> agents_;
};

/// What agents can use at one moment. A turn keeps the one that it began with, so that a reload
/// does not disturb it. Thread safety: any thread.
struct agent_world {
  std::shared_ptr<const registry_catalog> tools;  ///< Never null.
  std::shared_ptr<const fixed_agents> agents;     ///< Never null.
  std::shared_ptr<context_windows> windows;       ///< Null: none is known.

  /// Valid as long as this.
  [[nodiscard]] agent_environment environment() const;
};

using agent_world_ptr = std::shared_ptr<const agent_world>;

}  // namespace libagent
