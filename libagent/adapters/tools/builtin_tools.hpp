#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace libagent {

struct builtin_tool_options {
  std::filesystem::path folder;                ///< The documents; tools read nothing outside of it.
  std::filesystem::path data_dir;              ///< Where indexes are kept.
  std::uint64_t file_bytes_max = 8ULL << 20U;  ///< Larger files are not indexed.
  std::function<unix_millis()> wall_clock;     ///< Empty: the system's.
};

/// Adds the tools that come with libagent: answer_from_documents, calculate, current_time,
/// index_folder, search_documents and summarize. Errors: those of `tool_registry::add`.
[[nodiscard]] expected<void> add_builtin_tools(tool_registry& registry,
                                               const builtin_tool_options& options);

}  // namespace libagent
