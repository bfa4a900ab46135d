#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// How a former process died; written by a `crash_reporter`.
struct crash_report {
  std::string signal;  ///< "SIGSEGV", ..., or "exit(3)" when a tool called exit.
  unix_millis at = 0;
  std::int64_t pid = 0;
  std::uint64_t address = 0;    ///< What was accessed, or where it stood; 0 when not known.
  std::optional<task_id> task;  ///< That ran on the crashing thread.
  std::string target;           ///< Its tool; empty without a task.
  std::string backtrace;        ///< One call per line, innermost first; may be cut off or empty.
};

/// One line for a log: "SIGSEGV at address 0x0 in task 0190... (fetch)".
[[nodiscard]] std::string to_string(const crash_report& report);

/// The reports found, oldest first, and what was found but could not be read, for a person.
struct taken_crash_reports {
  std::vector<crash_report> reports;
  std::vector<std::string> skipped;
};

/// Reads what crashed processes left in `directory`, each report once.
///
/// A file that was read is kept as `<name>.taken`, one that is no report as `<name>.unreadable`; of
/// both only the newest 20 stay. Files of living processes are left alone. A directory that is
/// missing has no reports. Blocking: reads up to 64 KiB per report. Thread safety: one process at a
/// time.
[[nodiscard]] taken_crash_reports take_crash_reports(const std::filesystem::path& directory);

/// The report that `text` holds; empty when it is none. What is cut off behind the target is
/// missing in the result, nothing else may be.
[[nodiscard]] std::optional<crash_report> parse_crash_report(std::string_view text);

/// The first line of each report.
inline constexpr std::string_view crash_report_title = "libagent crash report 1";

}  // namespace libagent
