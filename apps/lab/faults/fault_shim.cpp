#include "apps/lab/faults/fault_shim.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace libagent::lab {

namespace {

error clock_error(const std::string& tried) {
  return {errc::io_failed, tried + ": " + std::generic_category().message(errno)};
}

}  // namespace

expected<std::filesystem::path> fault_shim_library() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  auto library = program.parent_path() / "libagent_fault_shim.so";
  if (failed || !std::filesystem::exists(library, failed))
    return error{errc::not_found, "find the fault shim: there is no " + library.string()};
  return library;
}

std::vector<std::pair<std::string, std::string>> fault_environment(
    const std::filesystem::path& library, const fault_plan& plan) {
  std::vector<std::pair<std::string, std::string>> variables{{"LD_PRELOAD", library.string()}};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty())
      variables.emplace_back(name, value);
  };
  add("FAULT_PATH", plan.path_part);
  add("FAULT_FSYNC_AFTER", plan.sync_fails_from > 0 ? std::to_string(plan.sync_fails_from) : "");
  add("FAULT_FSYNC_FLAG", plan.sync_fails_while.string());
  add("FAULT_FSYNC_SKIP", plan.skips_real_sync ? "1" : "");
  add("FAULT_NOSPC_FLAG", plan.no_space_while.string());
  add("FAULT_UNDO_LOG", plan.undo_log.string());
  add("FAULT_CLOCK_FILE", plan.clock_file.string());
  return variables;
}

expected<shifted_clock> shifted_clock::make(const std::filesystem::path& file) {
  owned_descriptor made{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!made.is_open())
    return clock_error("make clock file " + file.string());
  shifted_clock clock{std::move(made)};
  if (auto set = clock.set(std::chrono::nanoseconds{0}); !set)
    return set.error();
  return clock;
}

expected<void> shifted_clock::set(std::chrono::nanoseconds offset) {
  const std::int64_t value = offset.count();
  if (::pwrite(file_.get(), &value, sizeof value, 0) != static_cast<ssize_t>(sizeof value))
    return clock_error("set clock file");
  return {};
}

}  // namespace libagent::lab
