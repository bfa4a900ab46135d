#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace libagent {

/// A file of the folder with declared agents.
struct agent_file {
  std::string name;  ///< Without the folder, for example `assistant.json`.
  std::string text;

  friend bool operator==(const agent_file&, const agent_file&) = default;
};

struct agents_folder_limits {
  std::size_t files_max = 256;
  std::uint64_t file_bytes_max = 1U << 20U;
  std::uint64_t bytes_max = 16U << 20U;  ///< Of all of them.
};

/// All `*.json` of `folder`, sorted by name; hidden ones and folders are passed over. No folder is
/// an empty one.
///
/// Blocking: reads files. Errors, which name the file: `io_failed` for what cannot be read,
/// `too_large` for what is beyond a limit. A file that vanishes meanwhile was never there.
[[nodiscard]] expected<std::vector<agent_file>> read_agents_folder(
    const std::filesystem::path& folder, const agents_folder_limits& limits = {});

/// Looks at a folder now and then and says when its files are others.
///
/// Time, size and identity of the files tell whether to read them, their content whether anything
/// changed. A file that is being written may be read half, and is read again when it is whole. A
/// failure is told of once until it is another one or gone. Thread safety: none, but for
/// `look_now`. Blocking: the destructor, for a look that is under way.
class agents_folder_watch {
public:
  /// All files as they are now, or why they cannot be read.
  using listener = std::function<void(expected<std::vector<agent_file>>)>;

  /// `on_change` runs on a thread of the watch, never before a change: `known` is what its owner
  /// has read already. @pre `interval` is positive and `on_change` not empty.
  agents_folder_watch(std::filesystem::path folder, std::chrono::milliseconds interval,
                      std::vector<agent_file> known, listener on_change,
                      agents_folder_limits limits = {});
  agents_folder_watch(const agents_folder_watch&) = delete;
  agents_folder_watch& operator=(const agents_folder_watch&) = delete;
  ~agents_folder_watch() = default;

  /// Does not wait for the interval (SIGHUP). Thread safety: any thread.
  void look_now();

private:
  void serve(const std::stop_token& stop);
  void look();

  std::filesystem::path folder_;
  std::chrono::milliseconds interval_;
  std::vector<agent_file> known_;
  listener on_change_;
  agents_folder_limits limits_;
  std::string stamps_;  ///< What told the files apart at the last look that could read them.
  std::string last_failure_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  bool is_wanted_ = false;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace libagent
