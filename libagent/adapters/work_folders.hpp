#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

namespace libagent {

/// A folder that only this user can enter, deleted with all in it at the end. Thread safety: none.
class work_folder {
public:
  work_folder() = default;

  explicit work_folder(std::filesystem::path path) : path_{std::move(path)} {}

  work_folder(work_folder&& other) noexcept : path_{std::exchange(other.path_, {})} {}

  work_folder& operator=(work_folder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }

  work_folder(const work_folder&) = delete;
  work_folder& operator=(const work_folder&) = delete;

  ~work_folder() { remove(); }

  /// Deletes it now.
  void remove();

  /// Empty for none.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// The folders of the processes that one pool starts, and the tags of their families.
///
/// All are in one folder that is locked for as long as this lives. A folder whose lock is free was
/// left by a process that was killed: opening the next one kills what still carries its tags and
/// deletes it. Thread safety: any thread.
class work_folders {
public:
  /// Makes the folder in `base`, or in the system's folder for temporary files when that is empty,
  /// and sweeps what others of this user left there. Errors: `io_failed`, naming the path.
  [[nodiscard]] static expected<std::unique_ptr<work_folders>> open(
      std::filesystem::path base = {});

  /// A fresh one, mode 0700. Errors: `io_failed`.
  [[nodiscard]] expected<work_folder> make();

  /// A tag for one more process and all that stem from it. Zero when this process may not set tags,
  /// which is so when it runs inside of such a family itself.
  [[nodiscard]] std::uint64_t next_tag();

  [[nodiscard]] const std::filesystem::path& path() const { return root_.path(); }

private:
  work_folders(work_folder root, owned_descriptor lock, std::uint64_t tags);

  work_folder root_;
  owned_descriptor lock_;
  std::uint64_t tags_;  // all begin with it
  std::atomic<std::uint64_t> next_{1};
};

}  // namespace libagent
