#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <filesystem>

namespace libagent {

/// Holds a lock file for as long as it lives; the system frees it when the process dies.
class file_lock {
public:
  /// Takes the lock; makes the file and its directory when missing.
  ///
  /// Blocking: for at most `patience`. A process that was killed may leave its lock for a moment to
  /// a child that it was just starting.
  /// Errors: `errc::unavailable`, naming the process that holds it; `errc::io_failed`.
  [[nodiscard]] static expected<file_lock> take(
      const std::filesystem::path& file,
      std::chrono::milliseconds patience = std::chrono::milliseconds{0});

  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  ~file_lock();

private:
  explicit file_lock(int descriptor) : descriptor_{descriptor} {}

  int descriptor_;
};

}  // namespace libagent
