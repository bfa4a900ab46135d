#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <string>
#include <vector>

namespace libagent {

/// The version of Landlock in this kernel (landlock(7)); 0 where there is none.
[[nodiscard]] int landlock_version();

/// Files and folders with all below them.
struct landlock_paths {
  std::vector<std::string> readable;  ///< To read and to execute.
  std::vector<std::string> writable;  ///< To read, to execute, to write, to make and to remove.
};

/// A rule set under which a process reaches only those paths; one that does not exist is left out.
/// From version 6 on it also reaches no process outside: neither by signal nor by abstract socket.
/// Truncation is bound from version 3 on. What is open already stays so, and so does stat(2).
/// Errors: `unsupported` without Landlock, `io_failed`.
[[nodiscard]] expected<owned_descriptor> make_landlock_rules(const landlock_paths& paths);

}  // namespace libagent
