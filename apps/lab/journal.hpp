#pragma once

#include "apps/lab/report.hpp"

#include <string>

namespace libagent::lab {

struct journal_options {
  /// Where the files are made; empty: the folder for temporary files. It should be on a disk.
  std::string folder;
};

/// The journal by itself: durable submits per second in groups of several sizes beside a bare loop
/// of inserts with the same sync, how its file grows, and how long a start takes.
///
/// Returns the exit code, which is 1 also when a journal failed.
[[nodiscard]] int run_journal(const lab_options& options, const journal_options& journal);

}  // namespace libagent::lab
