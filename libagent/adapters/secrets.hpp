#pragma once

#include "libagent/base/expected.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace libagent {

/// A secret from the environment; empty when there is no such variable.
[[nodiscard]] std::optional<std::string> read_secret_variable(const std::string& name);

/// A secret from a file of at most 64 KiB, without blanks around it. Errors, which name the file
/// and never what is in it: `io_failed`, `too_large`, `invalid_argument` for an empty one.
[[nodiscard]] expected<std::string> read_secret_file(const std::filesystem::path& file);

}  // namespace libagent
