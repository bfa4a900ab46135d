#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace libagent {

/// Commits in a write-ahead log of SQLite that come after its first damaged page: SQLite leaves
/// them out without a word. A log that a crash cut off has none; one whose last commit the system
/// wrote in another order before a loss of power can have one, which nobody was told of.
///
/// The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
[[nodiscard]] std::uint64_t unreadable_commits(const std::filesystem::path& log);

/// The database's first page as it stands last in a log, sound or not; empty: it is not there.
[[nodiscard]] std::string first_page_in_log(const std::filesystem::path& log);

}  // namespace libagent
