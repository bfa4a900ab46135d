#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

/// What shall go wrong for a program that is started with the fault shim, a library that takes the
/// place of libc's calls. What is left empty does not go wrong.
///
/// Files are watched whose path contains `path_part` (not those that end in "-shm"), in every
/// process that inherits the environment.
struct fault_plan {
  std::string path_part;  ///< Needed by all but the clock, for example "journal.db".

  /// From this call of fsync and fdatasync on, counted from 1 per process, all fail with EIO.
  std::uint32_t sync_fails_from = 0;
  std::filesystem::path sync_fails_while;  ///< The same for as long as this file exists.

  /// Writes fail with ENOSPC for as long as this file exists.
  std::filesystem::path no_space_while;

  /// Keeps here what is needed for `apply_power_cut`. Outside of the folder that is watched.
  std::filesystem::path undo_log;
  /// Syncs are noted but not done: quicker, and the same to a process that is killed.
  bool skips_real_sync = false;

  std::filesystem::path clock_file;  ///< Of a `shifted_clock`, which has to be made before.
};

/// Where the shim is: beside the running program. Errors: `errc::not_found`.
[[nodiscard]] expected<std::filesystem::path> fault_shim_library();

/// What to add to the environment of the program under test.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fault_environment(
    const std::filesystem::path& library, const fault_plan& plan);

/// The wall clock of programs that run with the shim: the machine's with an offset that can be set
/// while they run. The monotonic clock, and waits until a wall-clock time, are not changed.
/// Thread safety: none.
class shifted_clock {
public:
  /// Makes the file, with no offset. Errors: `errc::io_failed`.
  [[nodiscard]] static expected<shifted_clock> make(const std::filesystem::path& file);

  /// Seen by the next call that reads the clock. Errors: `errc::io_failed`.
  expected<void> set(std::chrono::nanoseconds offset);

private:
  explicit shifted_clock(owned_descriptor file) : file_{std::move(file)} {}

  owned_descriptor file_;
};

}  // namespace libagent::lab
