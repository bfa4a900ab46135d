#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent {

struct folder_index_options {
  std::uint64_t file_bytes_max = 8ULL << 20U;  ///< Larger files are left out, and counted.
  std::size_t files_max = 1'000'000;
  std::uint64_t commit_bytes = 32ULL << 20U;  ///< Text between two commits.
  bool rebuild = false;                       ///< Forget the old index, even a damaged one.
};

/// How far indexing is.
struct folder_index_progress {
  std::uint64_t files_done = 0;
  std::uint64_t files_total = 0;  ///< Of those that have to be read.
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
};

/// What a run of the indexer did.
struct folder_index_report {
  std::uint64_t files_seen = 0;     ///< With a name that promises text.
  std::uint64_t files_indexed = 0;  ///< New or changed.
  std::uint64_t files_unchanged = 0;
  std::uint64_t files_removed = 0;   ///< From the index, as they are gone.
  std::uint64_t files_not_text = 0;  ///< Among the new and changed ones.
  std::uint64_t files_too_large = 0;
  std::uint64_t files_unreadable = 0;  ///< Files and directories.
  std::uint64_t bytes_read = 0;
  std::vector<std::string> unreadable;  ///< The first few, each with the reason.
};

/// Brings the index of `folder` up to date: reads what is new or changed by size, time and then
/// content, and forgets what is gone.
///
/// Work is committed in batches: a process that is killed leaves the last commit, from which the
/// next run goes on. Questions may be asked meanwhile. Uses one more thread, which reads.
///
/// Blocking: for as long as it takes; `progress` is called on this thread, at most once a file.
/// Thread safety: any thread; one run at a time for an index, also among processes.
/// Errors: `errc::not_found` (no such folder), `errc::unavailable` (another run is at it),
/// `errc::cancelled` (what was done is committed), `errc::corrupt` (use `rebuild`),
/// `errc::io_failed`.
/// @pre `folder` is absolute and normal.
[[nodiscard]] expected<folder_index_report> index_folder(
    const std::filesystem::path& folder, const std::filesystem::path& data_dir,
    const folder_index_options& options, const std::stop_token& stop,
    const std::function<void(const folder_index_progress&)>& progress);

}  // namespace libagent
