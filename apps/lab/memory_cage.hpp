#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace libagent::lab {

/// Holds other processes to so much memory: by a control group below the own one, so that the
/// limits above still hold, or by RLIMIT_AS where no group can be made. Gone at its end.
class memory_cage {
public:
  enum class kind : std::uint8_t { cgroup_v1, cgroup_v2, address_space };

  explicit memory_cage(std::uint64_t limit_bytes);
  memory_cage(const memory_cage&) = delete;
  memory_cage& operator=(const memory_cage&) = delete;
  /// @pre No process is inside any more.
  ~memory_cage();

  /// Puts the calling process inside, for good. To be called between fork and exec. Returns
  /// whether it worked.
  [[nodiscard]] bool enter() const;

  [[nodiscard]] kind how() const { return how_; }

  [[nodiscard]] std::string_view name() const;

  /// Processes inside that the kernel killed for want of memory. 0 when it is not counted.
  [[nodiscard]] std::uint64_t oom_kills() const;

  /// The most that was charged to the group at once, file cache included. 0 when unknown.
  [[nodiscard]] std::uint64_t peak_bytes() const;

private:
  [[nodiscard]] bool make_group(bool is_v2, const std::filesystem::path& parent);

  std::uint64_t limit_bytes_;
  kind how_ = kind::address_space;
  std::filesystem::path folder_;
};

}  // namespace libagent::lab
