#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/memory/memory_budget.hpp"
#include "libagent/ports/memory_probe.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

namespace libagent {

/// Where Linux shows what the probe reads. Tests point them elsewhere.
struct proc_roots {
  std::filesystem::path proc = "/proc";
  std::filesystem::path cgroup = "/sys/fs/cgroup";
};

/// A small file that is read again and again: it stays open, and every read starts at its begin,
/// which is how the kernel renews the content of its files.
class kept_file {
public:
  /// Errors: `errc::io_failed` naming the path.
  [[nodiscard]] static expected<kept_file> open(const std::filesystem::path& path);

  kept_file(kept_file&& other) noexcept;
  kept_file& operator=(kept_file&& other) noexcept;
  kept_file(const kept_file&) = delete;
  kept_file& operator=(const kept_file&) = delete;
  ~kept_file();

  /// The first part of the file, as much as `buffer` takes. Errors: `errc::io_failed`.
  [[nodiscard]] expected<std::string_view> read(std::array<char, 4096>& buffer) const;

private:
  kept_file(int descriptor, std::filesystem::path path);

  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// Reads /proc/self/statm and /proc/meminfo, the machine's memory stalls where the kernel counts
/// them, and the use of the process's control group when that has a memory limit. Two to five
/// `pread` calls on files that stay open.
class proc_memory_probe final : public memory_probe {
public:
  /// Errors: `errc::io_failed` when a file of /proc cannot be opened; that a control group is
  /// missing or without a limit is not an error.
  [[nodiscard]] static expected<std::unique_ptr<proc_memory_probe>> open(
      const proc_roots& roots = {});

  [[nodiscard]] expected<memory_reading> read() override;

private:
  struct group_files {
    kept_file usage;
    kept_file stat;
  };

  proc_memory_probe(kept_file statm, kept_file meminfo, std::optional<kept_file> pressure,
                    std::optional<group_files> group);
  [[nodiscard]] expected<memory_reading> read_process_and_machine();
  void read_stalls(memory_reading& into);
  [[nodiscard]] expected<std::uint64_t> read_group();

  kept_file statm_;
  kept_file meminfo_;
  std::optional<kept_file> pressure_;
  std::optional<group_files> group_;
  std::array<char, 4096> buffer_{};
};

/// What bounds this process: RLIMIT_AS, the tightest memory limit of its control group and the
/// groups above it, and the machine. `configured_bytes` and `machine_share` are left for the
/// caller. Errors: as `proc_memory_probe::open`.
[[nodiscard]] expected<memory_bounds> read_memory_bounds(const proc_roots& roots = {});

}  // namespace libagent
