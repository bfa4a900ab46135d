#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace libagent {

/// All of a file. Blocking. Errors, which name the file: `io_failed` when it cannot be read,
/// `too_large` for more than `bytes_max`.
[[nodiscard]] expected<std::string> read_text_file(const std::filesystem::path& file,
                                                   std::size_t bytes_max);

}  // namespace libagent
