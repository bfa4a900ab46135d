#pragma once

#include "libagent/config/option.hpp"

#include <span>
#include <string>

namespace libagent {

/// The files that are made from the options; a test fails when those in the repository are stale.
/// All end with a line break.

/// configs/default.json: every option with its default.
[[nodiscard]] std::string default_config_json(std::span<const option> options);

/// configs/schemas/config.schema.json, for editors that complete and check as you type. It knows
/// the nested spelling only; dotted keys are understood all the same.
[[nodiscard]] std::string config_schema_json(std::span<const option> options);

/// docs/reference/configuration.md.
[[nodiscard]] std::string config_reference(std::span<const option> options);

}  // namespace libagent
