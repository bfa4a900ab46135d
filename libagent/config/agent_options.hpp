#pragma once

#include "libagent/config/agent_config.hpp"
#include "libagent/config/load.hpp"
#include "libagent/config/option.hpp"

#include <vector>

namespace libagent {

/// The one declaration of every option, in the order of the reference, bound to `config`.
[[nodiscard]] std::vector<option> agent_options(agent_config& config);

/// A configuration that can be used, and where each value comes from.
struct loaded_config {
  agent_config values;
  option_origins origins;
};

/// The defaults, changed by the file, the environment and the overrides, in that order.
///
/// Errors: `invalid_argument` (see `apply_sources`), also for values that only disagree with one
/// another.
[[nodiscard]] expected<loaded_config> load_agent_config(const config_sources& sources);

}  // namespace libagent
