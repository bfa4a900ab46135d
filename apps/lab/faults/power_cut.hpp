#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace libagent::lab {

/// A power cut for the files that the fault shim watched (see fault_shim.hpp).
struct power_cut {
  std::filesystem::path folder;    ///< Searched, with all below it, for the files in the log.
  std::filesystem::path undo_log;  ///< That of the `fault_plan`.
  /// Empty: every change since its file's last sync is lost. Otherwise this decides which of them
  /// reached the disk all the same, in whatever order, and where the last one was torn: at a
  /// multiple of 512 bytes of the file.
  std::optional<std::uint64_t> seed;
};

/// What a power cut did.
struct power_cut_outcome {
  std::size_t unsynced = 0;  ///< Changes that were not on disk.
  std::size_t lost = 0;      ///< Of these, gone entirely.
  std::size_t torn = 0;      ///< Of these, gone in part.
};

/// Gives the files the content that a disk would hold had the power failed when the program was
/// killed, and removes the log. No process may use the files. A log that is missing has no changes.
///
/// Names are not undone: a file that was made, renamed or removed stays so.
/// Errors: `errc::io_failed`; `errc::corrupt` when the log is damaged elsewhere than at its end.
[[nodiscard]] expected<power_cut_outcome> apply_power_cut(const power_cut& cut);

}  // namespace libagent::lab
