#pragma once

#include "libagent/ports/document_index.hpp"

#include <filesystem>
#include <memory>

namespace libagent {

/// Opens the index file of `folder` for questions; see `document_database.hpp` for the errors.
///
/// Several questions run at once, each on a connection of its own; connections are opened when
/// first needed and kept.
[[nodiscard]] expected<std::unique_ptr<document_index>> open_sqlite_document_index(
    const std::filesystem::path& file, const std::filesystem::path& folder);

}  // namespace libagent
