#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/ask.hpp"

#include <cstddef>
#include <functional>
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

/// What came of loading: the agents, or all that is wrong.
struct loaded_agents {
  std::vector<agent_declaration> declared;  ///< By name; empty when there are problems.
  std::vector<agent_problem> problems;
};

/// Reads and checks declarations: each by itself, then what they say of each other.
[[nodiscard]] loaded_agents load_agents(std::span<const agent_source> sources,
                                        const agent_surroundings& world);

}  // namespace libagent
