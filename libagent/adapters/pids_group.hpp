#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/proc_memory_probe.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

namespace libagent {

/// A control group for one process and all that it starts, which bounds how many processes and
/// threads there are. Removed at the end, when it is empty. Thread safety: none.
class pids_group {
public:
  /// Makes one below this process's group. Empty where that is not possible: without permission,
  /// without the pids controller, or in version 2 when it is not handed down to groups below.
  [[nodiscard]] static std::optional<pids_group> make(std::uint64_t count_max,
                                                      const proc_roots& roots = {});

  pids_group(pids_group&& other) noexcept
      : folder_{std::exchange(other.folder_, {})}, procs_{std::move(other.procs_)} {}

  pids_group& operator=(pids_group&& other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(procs_, other.procs_);
    return *this;
  }

  pids_group(const pids_group&) = delete;
  pids_group& operator=(const pids_group&) = delete;
  ~pids_group();

  /// Its cgroup.procs: who writes "0" there enters it.
  [[nodiscard]] int procs() const { return procs_.get(); }

  /// Whether a process was refused for the bound.
  [[nodiscard]] bool was_full() const;

private:
  pids_group(std::filesystem::path folder, owned_descriptor procs)
      : folder_{std::move(folder)}, procs_{std::move(procs)} {}

  std::filesystem::path folder_;
  owned_descriptor procs_;
};

/// Opens a group's `cgroup.procs` and marks the group as in use for as long as it stays open.
/// Closed: it could not be opened.
[[nodiscard]] owned_descriptor hold_group(const std::filesystem::path& group);

/// The groups below `parent` whose owners are gone: not made in the last minute before `now`, and
/// held by nobody. Whether a process is in them does not matter: a live owner may be idle.
[[nodiscard]] std::vector<std::filesystem::path> abandoned_groups(
    const std::filesystem::path& parent, std::filesystem::file_time_type now);

/// Whether `pids_group::make` would give one here. Found out once.
[[nodiscard]] bool pids_groups_work();

}  // namespace libagent
