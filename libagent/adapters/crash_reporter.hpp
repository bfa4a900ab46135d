#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>

namespace libagent {

/// Leaves a report in a file when the process dies of SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT
/// (std::terminate, assert), or when `exit` is called on a thread that runs a task. What was to
/// happen then still happens: the former handler (a sanitizer's, say) or the default action, so
/// exit status and core dump are the same as without it. Only what `exit` would still have run is
/// left out, because the other threads go on meanwhile.
///
/// The report names signal, time, address, the task that ran on the crashing thread (see
/// running_task_mark.hpp) and its calls; `take_crash_reports` reads it at the next start. The file
/// is opened and its space taken beforehand, so that neither a full disk nor a lack of memory or
/// descriptors stands in the way; it is empty, and removed at the end, when nothing crashed.
///
/// Not seen: SIGKILL (also that of the kernel when memory is out), `_exit`, and a stack overflow on
/// a thread that never ran a marked task. A copy of the process made by fork leaves no report.
///
/// There is one at a time per process. Thread safety: the handlers, from any thread; of several
/// threads that crash at once the first one is reported. Making and destroying it: one thread, and
/// nobody else changes those handlers meanwhile.
class crash_reporter {
public:
  static constexpr std::size_t signal_count = 5;

  crash_reporter(const crash_reporter&) = delete;
  crash_reporter& operator=(const crash_reporter&) = delete;
  /// Puts the former handlers back and removes the empty file.
  ~crash_reporter();

private:
  friend expected<std::unique_ptr<crash_reporter>> install_crash_reporter(
      const std::filesystem::path& directory);

  crash_reporter(std::filesystem::path path, owned_descriptor file)
      : path_{std::move(path)}, file_{std::move(file)} {}

  std::filesystem::path path_;
  owned_descriptor file_;
};

/// Makes `directory` when missing, and in it the file for this process's report.
///
/// Errors: `errc::already_exists` while there is one, `errc::io_failed` when the file cannot be
/// made.
[[nodiscard]] expected<std::unique_ptr<crash_reporter>> install_crash_reporter(
    const std::filesystem::path& directory);

}  // namespace libagent
