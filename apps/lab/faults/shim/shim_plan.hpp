#pragma once

#include <climits>
#include <cstddef>
#include <sys/stat.h>

/// A library that is loaded before libc (LD_PRELOAD) and makes the system misbehave as planned.
///
/// It knows no C++ runtime: no exceptions, no allocation, no static objects that need constructing.
namespace libagent::lab::shim {

/// What the environment asks for; see apps/lab/faults/fault_shim.hpp for the meaning of each.
struct shim_plan {
  const char* path_part = nullptr;    ///< FAULT_PATH; without it no file is watched.
  const char* undo_log = nullptr;     ///< FAULT_UNDO_LOG
  const char* sync_flag = nullptr;    ///< FAULT_FSYNC_FLAG
  const char* space_flag = nullptr;   ///< FAULT_NOSPC_FLAG
  const char* clock_file = nullptr;   ///< FAULT_CLOCK_FILE
  unsigned long fail_sync_after = 0;  ///< FAULT_FSYNC_AFTER; 0 is never.
  bool skips_sync = false;            ///< FAULT_FSYNC_SKIP
};

/// The plan; read from the environment by the first call.
const shim_plan& plan();

/// Whether `file` exists; false for null.
bool is_raised(const char* file);

/// Whether the descriptor is a regular file whose path contains the plan's part, other than the
/// shared memory of a database. `about` is filled when it is.
bool is_watched(int descriptor, struct stat& about);

/// The same for a path; relative ones count as they are written.
bool is_watched_path(const char* path);

/// Puts a message on standard error and ends the process: a fault that cannot be injected as
/// planned would make a test pass that proves nothing.
[[noreturn]] void give_up(const char* why);

}  // namespace libagent::lab::shim
