#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace libagent::lab {

/// Adds bytes to the end of a journal's log that look like the begin of a record. Returns whether
/// there was a log.
bool add_torn_tail(const std::filesystem::path& journal, std::uint64_t seed);

/// Changes bytes somewhere in a journal's file or in its log; returns where, for people.
[[nodiscard]] std::string change_bytes(const std::filesystem::path& journal, std::uint64_t seed);

/// A small file system in memory, mounted on a folder as long as this lives.
class small_disk {
public:
  explicit small_disk(std::filesystem::path folder);
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk();

  /// Whether it could be mounted, which needs a privilege.
  [[nodiscard]] bool is_mounted() const { return mounted_; }

  /// Takes all space that is left.
  void fill() const;
  void make_room() const;

private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace libagent::lab
