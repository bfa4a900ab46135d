#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/document_index.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace libagent {

/// The folders of documents that a program may read, and their indexes.
///
/// Keeps one open index for each folder that was asked; opens it anew when its file was replaced
/// (a rebuild, also by another process).
///
/// Thread safety: any thread, concurrently.
class document_library {
public:
  /// @param root holds all folders; what lies outside is refused.
  /// @param data_dir holds the indexes.
  document_library(std::filesystem::path root, std::filesystem::path data_dir);

  /// The absolute place of `name`, which is relative to the root or absolute; empty: the root.
  ///
  /// Symbolic links are resolved first, so that none leads outside. Errors:
  /// `errc::invalid_argument` when it lies outside, `errc::not_found` when it does not exist.
  [[nodiscard]] expected<std::filesystem::path> resolve(const std::string& name) const;

  /// The index of a folder that `resolve` gave. Errors: those of `open_sqlite_document_index`.
  [[nodiscard]] expected<std::shared_ptr<document_index>> index_of(
      const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& data_dir() const { return data_dir_; }

private:
  struct opened_index {
    std::shared_ptr<document_index> index;
    std::uint64_t file_id = 0;  ///< The inode, which a rebuilt file does not share.
  };

  std::filesystem::path root_;
  std::filesystem::path data_dir_;
  std::mutex mutex_;
  std::map<std::filesystem::path, opened_index> open_;
};

}  // namespace libagent
