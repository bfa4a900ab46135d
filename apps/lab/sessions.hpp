#pragma once

#include "apps/lab/report.hpp"

#include <string>

namespace libagent::lab {

struct sessions_options {
  /// Where the files are made; empty: the folder for temporary files. It should be on a disk.
  std::string folder;
  std::string part;  ///< A file: be the process that the experiment starts over it.
};

/// What it costs to keep sessions that nobody uses: the file and the memory of 100,000 of them, how
/// soon one is loaded and how soon they are listed, and appends per second beside a bare loop of
/// inserts with the same sync; and with a node over them what one in memory costs and how soon one
/// that is not goes on.
///
/// Returns the exit code, which is 1 also when a store failed.
[[nodiscard]] int run_sessions(const lab_options& options, const sessions_options& sessions);

}  // namespace libagent::lab
