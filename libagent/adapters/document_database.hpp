#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <filesystem>

namespace libagent {

/// Where the index of `folder` is kept: `<data_dir>/index/<hash of the folder>.db`.
/// @pre `folder` is absolute and normal.
[[nodiscard]] std::filesystem::path document_database_path(const std::filesystem::path& data_dir,
                                                           const std::filesystem::path& folder);

/// Opens an index for questions.
///
/// Errors: `errc::not_found` when the folder was never indexed; `errc::corrupt` when the file is
/// damaged, of another format or of another folder. The text says how to rebuild it.
[[nodiscard]] expected<sqlite_database> open_document_database_to_read(
    const std::filesystem::path& file, const std::filesystem::path& folder);

/// Opens an index for changes; makes it when missing. Errors as above.
[[nodiscard]] expected<sqlite_database> open_document_database_to_write(
    const std::filesystem::path& file, const std::filesystem::path& folder);

/// Tells the reader of an `errc::corrupt` how to get a sound index again.
[[nodiscard]] error with_rebuild_advice(error failure);

/// Deletes an index with its side files, so that the next writer starts from nothing.
/// @pre no process has it open for writing.
expected<void> delete_document_database(const std::filesystem::path& file);

}  // namespace libagent
