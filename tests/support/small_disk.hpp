#pragma once

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <sys/mount.h>

namespace libagent::testing {

/// A file system of one megabyte.
class small_disk {
public:
  explicit small_disk(const std::filesystem::path& at)
      : at_{at.string()}, is_mounted_{::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=1m") == 0} {}

  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  ~small_disk() {
    if (is_mounted_)
      ::umount2(at_.c_str(), MNT_DETACH);
  }

  void grow() const { REQUIRE(::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, "size=4m") == 0); }

  [[nodiscard]] bool is_mounted() const { return is_mounted_; }

private:
  std::string at_;
  bool is_mounted_;
};

}  // namespace libagent::testing
