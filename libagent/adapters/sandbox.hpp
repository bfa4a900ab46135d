#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <linux/filter.h>
#include <string>
#include <vector>

namespace libagent {

/// What a process that runs a tool is kept from. What this kernel cannot enforce is left out unless
/// `required`; `sandbox_status` says so.
struct sandbox_options {
  /// A fresh folder of its own, mode 0700, named by TMPDIR; deleted with all in it at the end.
  bool own_folder = true;
  /// It starts in that folder and has it as HOME; else it stays where this process is.
  bool start_in_folder = true;
  /// Landlock: it reads what `system_paths` and `readable` name, and its program; it writes to its
  /// own folder, to `writable` and to the likes of /dev/null.
  bool restrict_files = true;
  std::vector<std::string> readable;
  std::vector<std::string> writable;
  /// seccomp: calls that reach beyond the process are refused; see `make_seccomp_filter`.
  bool restrict_calls = true;
  /// Whether it may open sockets other than local ones. Refused by seccomp, so only with
  /// `restrict_calls`.
  bool network = true;
  /// Whether a control group may bind the number of processes. Else they are counted, and by
  /// `restrict_calls` kept in their group, so that all can be killed at once.
  bool control_group = true;
  /// Nothing is started when something of this cannot be enforced.
  bool required = false;
};

/// What of the options is in force on this machine.
struct sandbox_status {
  bool own_folder = false;
  bool files = false;
  int landlock = 0;  ///< Version of the kernel's Landlock; 0: none.
  bool calls = false;
  bool network_denied = false;
  bool memory_limit = false;
  bool processes_by_group = false;  ///< By a control group; else counted and killed.
};

/// In words: "own folder, files (Landlock 7), calls (seccomp); not in force: ...".
[[nodiscard]] std::string to_string(const sandbox_status& status);

[[nodiscard]] sandbox_status status_of(const sandbox_options& options);

/// Errors: `unsupported`, naming what cannot be enforced, when the options are `required`;
/// `invalid_argument` for what contradicts itself.
[[nodiscard]] expected<void> check_sandbox(const sandbox_options& options);

/// Programs, libraries and settings of the system: /usr, /lib, /etc, /proc and such.
[[nodiscard]] const std::vector<std::string>& system_paths();

/// What a new process puts on itself before it becomes the program.
struct sandbox_rules {
  owned_descriptor files;          ///< Closed: no rules.
  std::vector<sock_filter> calls;  ///< Empty: no filter.
  bool no_new_privileges = true;   ///< Setuid programs give nothing. Needed by the other two.
};

/// The process that rules are made for.
struct sandbox_subject {
  const std::string& program;  ///< Where it is.
  const std::string& folder;   ///< Its own one, or empty.
  bool keep_group = false;     ///< See `seccomp_choice`.
};

/// Errors: `io_failed`.
[[nodiscard]] expected<sandbox_rules> make_sandbox_rules(const sandbox_options& options,
                                                         const sandbox_subject& subject);

}  // namespace libagent
