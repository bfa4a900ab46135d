#pragma once

#include "libagent/base/expected.hpp"

#include <filesystem>

namespace libagent {

/// Holds a lock file for as long as it lives; the system frees it when the process dies.
class file_lock {
public:
  /// Takes the lock without waiting; makes the file and its directory when missing.
  ///
  /// Errors: `errc::unavailable`, naming the process that holds it; `errc::io_failed`.
  [[nodiscard]] static expected<file_lock> take(const std::filesystem::path& file);

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
