#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// What experiments with stores on the disk share.
namespace libagent::lab {

/// What of a run cannot be measured: it ends the experiment.
class store_trouble : public std::runtime_error {
public:
  explicit store_trouble(const error& why) : std::runtime_error{to_string(why)} {}
};

template <class T>
[[nodiscard]] T value_or_trouble(expected<T> result) {
  if (!result)
    throw store_trouble{result.error()};
  return std::move(*result);
}

void done_or_trouble(const expected<void>& result);

/// A folder for the files of an experiment, which goes with it.
class lab_folder {
public:
  /// @param above Empty: the folder for temporary files.
  explicit lab_folder(const std::string& above);
  lab_folder(const lab_folder&) = delete;
  lab_folder& operator=(const lab_folder&) = delete;
  ~lab_folder();

  /// A file that no one had yet.
  [[nodiscard]] std::filesystem::path next() { return path_ / (std::to_string(++files_) + ".db"); }

private:
  std::filesystem::path path_;
  int files_ = 0;
};

[[nodiscard]] double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Commits group after group for about that long; returns how many of their members per second.
template <class Commit>
[[nodiscard]] double rate_of(std::chrono::duration<double> length, std::size_t group,
                             Commit commit) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t members = 0;
  for (;;) {
    commit();
    members += group;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (passed >= length)
      return static_cast<double>(members) / passed.count();
  }
}

[[nodiscard]] double middle_of(std::vector<double> sample);

}  // namespace libagent::lab
