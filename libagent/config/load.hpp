#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/config/option.hpp"
#include "libagent/record/field.hpp"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace libagent {

/// A configuration file, already read. `name` is for error messages.
struct config_file {
  std::string name;
  std::string text;
};

/// Where values may come from. Nothing here reads the environment itself: the program passes it.
struct config_sources {
  std::optional<config_file> file;
  std::map<std::string, std::string> environment;  ///< All of it; only `LIBAGENT_...` is looked at.
  std::vector<std::string> overrides;              ///< "key=value" each, later ones win.
  /// Variables with our prefix that are no options but mean something to our programs and scripts.
  std::set<std::string> reserved_variables{"LIBAGENT_CACHE", "LIBAGENT_CONFIG"};
};

/// From an option's key to where its value comes from: "default", "FILE:LINE",
/// "environment VARIABLE" or "--set".
using option_origins = std::map<std::string, std::string>;

/// Sets the options' variables from the sources.
///
/// A file is one JSON object; `{"memory": {"budget": "1GiB"}}` and `{"memory.budget": "1GiB"}` say
/// the same, and a `$schema` at the top is for editors. Durations and sizes are strings ("250ms",
/// "64MiB"); a size may also be a number of bytes.
/// Errors: `invalid_argument` or `too_large`, and the variables may be half changed. The context
/// has the place (file and line, variable, or --set), the key, the value and what is allowed, or
/// the nearest known key.
[[nodiscard]] expected<option_origins> apply_sources(std::span<option> options,
                                                     const config_sources& sources);

/// One line of `agent config show`.
struct shown_option {
  std::string key;
  std::string value;  ///< "(hidden)" for a secret that is set.
  std::string origin;
};

template <class Inspector>
bool inspect(Inspector& f, shown_option& x) {
  return record(f, x, "shown_option", field("key", "Name of the option.", x.key),
                field("value", "Effective value.", x.value),
                field("origin", "Where the value comes from.", x.origin));
}

/// The effective values in the order of declaration.
[[nodiscard]] std::vector<shown_option> show_options(std::span<const option> options,
                                                     const option_origins& origins);

/// The same as aligned lines of text: `key = value  (origin)`.
[[nodiscard]] std::string show_text(std::span<const shown_option> shown);

}  // namespace libagent
