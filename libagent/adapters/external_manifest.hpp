#pragma once

#include "libagent/adapters/external_tool.hpp"
#include "libagent/base/expected.hpp"

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace libagent {

/// Reads what a manifest says; see docs/how_to/write_an_external_tool.md for its members.
///
/// Words of the command that begin with `./` or `../` are paths from `folder`, where the program
/// may read. Errors: `invalid_argument` with line and path in the text; `too_large`.
[[nodiscard]] expected<external_tool_spec> read_external_manifest(
    std::string_view json, const std::filesystem::path& folder);

/// A tool for each *.json of a folder, sorted by file name.
///
/// Errors: `io_failed` for what cannot be read; those of `read_external_manifest` and
/// `make_external_tool`; `already_exists` for a name that two have. All name the file.
/// @pre `host` is not null.
[[nodiscard]] expected<std::vector<std::shared_ptr<tool>>> load_external_tools(
    const std::filesystem::path& folder, const std::shared_ptr<external_tool_host>& host);

}  // namespace libagent
