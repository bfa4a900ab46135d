#pragma once

#include "libagent/ports/document_index.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace libagent {

/// Opens the index file of `folder` for changes; makes it when missing. See
/// `document_database.hpp` for the errors. The caller sees to it that there is one writer.
[[nodiscard]] expected<std::unique_ptr<document_index_writer>> open_sqlite_document_writer(
    const std::filesystem::path& file, const std::filesystem::path& folder);

}  // namespace libagent
