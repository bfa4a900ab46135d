#include "libagent/adapters/sandbox.hpp"

#include "libagent/adapters/landlock_rules.hpp"
#include "libagent/adapters/pids_group.hpp"
#include "libagent/adapters/process_limits.hpp"
#include "libagent/adapters/seccomp_filter.hpp"

#include <array>
#include <linux/seccomp.h>
#include <string_view>
#include <sys/prctl.h>
#include <utility>

namespace libagent {

namespace {

/// Whether the kernel was built with seccomp (else it knows no such request), and a filter is
/// written for this processor.
bool knows_filters() {
  static const bool known = ::prctl(PR_GET_SECCOMP) >= 0 && !make_seccomp_filter({}).empty();
  return known;
}

const std::vector<std::string>& harmless_devices() {
  static const std::vector<std::string> all{"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                            "/dev/urandom"};
  return all;
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty())
    list += ", ";
  list += item;
}

std::string missing_from(const sandbox_options& options, const sandbox_status& status) {
  std::string missing;
  if (options.restrict_files && !status.files)
    append_item(missing, "files (no Landlock in this kernel)");
  if (options.restrict_calls && !status.calls)
    append_item(missing, "calls (no seccomp filters)");
  if (!options.network && !status.network_denied)
    append_item(missing, "network");
  return missing;
}

}  // namespace

std::string to_string(const sandbox_status& status) {
  std::string in_force;
  std::string absent;
  const auto file = "files (Landlock " + std::to_string(status.landlock) + ")";
  const auto parts = std::to_array<std::pair<bool, std::string_view>>(
      {{status.own_folder, "own folder"},
       {status.files, status.files ? std::string_view{file} : "files (Landlock)"},
       {status.calls, "calls (seccomp)"},
       {status.network_denied, "network"},
       {status.memory_limit, "memory"}});
  for (const auto& [holds, name] : parts)
    append_item(holds ? in_force : absent, name);
  append_item(in_force, status.processes_by_group ? "processes (control group)"
                                                  : "processes (counted and killed)");
  return in_force + (absent.empty() ? "" : "; not in force: " + absent);
}

sandbox_status status_of(const sandbox_options& options) {
  const bool calls = options.restrict_calls && knows_filters();
  return {.own_folder = options.own_folder,
          .files = options.restrict_files && landlock_version() > 0,
          .landlock = landlock_version(),
          .calls = calls,
          .network_denied = calls && !options.network,
          .memory_limit = memory_limit_works(),
          .processes_by_group = options.control_group && pids_groups_work()};
}

expected<void> check_sandbox(const sandbox_options& options) {
  if (!options.network && !options.restrict_calls) {
    return error{errc::invalid_argument,
                 "set up a sandbox: the network can only be denied together with other calls"};
  }
  const auto missing = missing_from(options, status_of(options));
  if (options.required && !missing.empty())
    return error{errc::unsupported, "set up a sandbox: cannot be enforced here: " + missing};
  return {};
}

const std::vector<std::string>& system_paths() {
  static const std::vector<std::string> all{
      "/usr",   "/bin", "/sbin", "/lib", "/lib32",
      "/lib64", "/opt", "/nix",  "/etc", "/run/systemd/resolve",
      "/proc",  "/sys"};
  return all;
}

expected<sandbox_rules> make_sandbox_rules(const sandbox_options& options,
                                           const sandbox_subject& subject) {
  const auto status = status_of(options);
  sandbox_rules rules;
  if (status.calls) {
    rules.calls =
        make_seccomp_filter({.network = options.network, .keep_group = subject.keep_group});
  }
  if (!status.files)
    return rules;
  landlock_paths paths{.readable = system_paths(), .writable = harmless_devices()};
  paths.readable.push_back(subject.program);
  paths.readable.insert(paths.readable.end(), options.readable.begin(), options.readable.end());
  paths.writable.insert(paths.writable.end(), options.writable.begin(), options.writable.end());
  if (!subject.folder.empty())
    paths.writable.push_back(subject.folder);
  auto files = make_landlock_rules(paths);
  if (!files)
    return files.error();
  rules.files = *std::move(files);
  return rules;
}

}  // namespace libagent
