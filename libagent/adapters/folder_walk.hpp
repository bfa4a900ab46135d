#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/knowledge/text_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent {

/// A file whose name promises text.
struct found_file {
  std::string file;  ///< Relative to the folder, with `/`.
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  text_kind kind = text_kind::plain;
};

struct folder_listing {
  std::vector<found_file> files;        ///< Sorted by name.
  std::vector<std::string> unreadable;  ///< Directories, each with the reason.
};

/// Lists what `is_indexed_directory` and `kind_of_file_name` let through.
///
/// Symbolic links inside the folder are not followed, so the walk ends and stays inside; nor are
/// devices, sockets and pipes listed. Errors: `errc::not_found` when `folder` is no directory,
/// `errc::too_large` past `files_max` files, `errc::cancelled`.
[[nodiscard]] expected<folder_listing> list_folder(const std::filesystem::path& folder,
                                                   std::size_t files_max, std::stop_token stop);

/// What was read of a file.
struct file_content {
  std::string bytes;  ///< Empty unless `is_text`.
  bool is_text = false;
};

/// Reads a file listed before. Stops after its beginning when that is not text.
///
/// Errors: `errc::io_failed` with the reason; `errc::too_large` past `bytes_max`.
[[nodiscard]] expected<file_content> read_listed_file(const std::filesystem::path& file,
                                                      std::uint64_t bytes_max);

}  // namespace libagent
