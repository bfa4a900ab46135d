#pragma once

#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/agent_environment.hpp"
#include "libagent/session/ask.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// A file with a declaration.
struct agent_source {
  std::string file;  ///< As people know it.
  std::string text;
};

/// What is wrong with a declaration.
struct agent_problem {
  std::string file;
  std::size_t line = 0;  ///< Counted from 1; 0: not known.
  std::string path;      ///< JSON pointer; empty: the whole of it.
  std::string what;

  friend bool operator==(const agent_problem&, const agent_problem&) = default;
};

/// `FILE:LINE: PATH: what`.
[[nodiscard]] std::string to_string(const agent_problem& problem);

/// What declarations may refer to.
struct agent_surroundings {
  std::vector<std::string> tools;  ///< Names of all.
  std::vector<agent_info> agents;  ///< Those written in C++: may be asked, but not take over.
  /// Whether there is such a model; the error says why not. Empty: all are fine.
  std::function<expected<void>(std::string_view model)> check_model;
};

/// Agents may ask agents who ask agents, no further than this.
inline constexpr std::size_t ask_depth_max = 4;

/// The declared agents, and the names of the others. Never changes: a reload makes another one.
class agent_catalog final : public agent_directory {
public:
  agent_catalog(std::vector<agent_declaration> declared, std::vector<agent_info> others);

  [[nodiscard]] std::shared_ptr<const agent_declaration> find(std::string_view name) const override;
  [[nodiscard]] std::optional<std::string> description(std::string_view name) const override;

  /// All declared agents by name.
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const agent_declaration>, std::less<>>&
  declared() const {
    return declared_;
  }

private:
  std::map<std::string, std::shared_ptr<const agent_declaration>, std::less<>> declared_;
  std::map<std::string, std::string, std::less<>> others_;
};

/// What came of loading: a catalog, or all that is wrong.
struct loaded_agents {
  std::shared_ptr<const agent_catalog> catalog;  ///< Null when there are problems.
  std::vector<agent_problem> problems;
};

/// Reads and checks declarations: each by itself, then what they say of each other.
[[nodiscard]] loaded_agents load_agents(std::span<const agent_source> sources,
                                        const agent_surroundings& world);

/// Names, each list sorted.
struct agent_changes {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  [[nodiscard]] bool empty() const { return added.empty() && changed.empty() && removed.empty(); }
};

[[nodiscard]] agent_changes changes_between(const agent_catalog& before,
                                            const agent_catalog& after);

}  // namespace libagent
