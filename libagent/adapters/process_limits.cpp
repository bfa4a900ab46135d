#include "libagent/adapters/process_limits.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace libagent {

namespace {

constexpr rlim_t spare_processes = 1000;

/// How many threads the process of a folder of /proc has, if it is that user's.
rlim_t threads_of(const std::filesystem::path& folder, uid_t user) {
  struct stat about{};
  if (::stat(folder.c_str(), &about) != 0 || about.st_uid != user)
    return 0;
  std::error_code gone;
  const std::filesystem::directory_iterator threads{folder / "task", gone};
  return gone ? 0 : static_cast<rlim_t>(std::distance(begin(threads), end(threads)));
}

rlim_t threads_of_user(uid_t user) {
  rlim_t count = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", failed}) {
    const auto name = entry.path().filename().string();
    if (name.front() >= '0' && name.front() <= '9')
      count += threads_of(entry.path(), user);
  }
  return count;
}

/// Within what this process may set, which root alone may exceed.
resource_limit limited(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  rlimit own{};
  if (::getrlimit(resource, &own) != 0)
    return {resource, soft, hard};
  return {resource, std::min(soft, own.rlim_max), std::min(hard, own.rlim_max)};
}

}  // namespace

bool memory_limit_works() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

std::vector<resource_limit> resource_limits_of(const process_limits& limits, cpu_time_of counted) {
  std::vector<resource_limit> all{limited(RLIMIT_CORE, 0, 0)};
  const auto add = [&all](__rlimit_resource resource, rlim_t value) {
    if (value != 0)
      all.push_back(limited(resource, value, value));
  };
  add(RLIMIT_AS, memory_limit_works() ? limits.memory_bytes : 0);
  add(RLIMIT_NOFILE, limits.open_files);
  add(RLIMIT_FSIZE, limits.file_bytes);
  if (limits.processes != 0 && ::geteuid() != 0)
    add(RLIMIT_NPROC, threads_of_user(::geteuid()) + limits.processes + spare_processes);
  // At the hard limit the kernel sends SIGKILL, which could be anybody's: so that comes later.
  if (const auto seconds = static_cast<rlim_t>(limits.cpu_time.count());
      seconds > 0 && counted == cpu_time_of::process)
    all.push_back(limited(RLIMIT_CPU, seconds, seconds + 2));
  return all;
}

expected<void> allow_cpu_time(pid_t process, std::chrono::seconds more) {
  if (more.count() <= 0)
    return {};
  clockid_t clock{};
  timespec used{};
  rlimit now{};
  bool done = ::clock_getcpuclockid(process, &clock) == 0 && ::clock_gettime(clock, &used) == 0 &&
              ::prlimit(process, RLIMIT_CPU, nullptr, &now) == 0;
  const auto begun_seconds = static_cast<rlim_t>(used.tv_sec) + (used.tv_nsec > 0 ? 1U : 0U);
  now.rlim_cur = std::min(begun_seconds + static_cast<rlim_t>(more.count()), now.rlim_max);
  done = done && ::prlimit(process, RLIMIT_CPU, &now, nullptr) == 0;
  if (!done) {
    return error{errc::io_failed, "limit the CPU time of process " + std::to_string(process) +
                                      ": " + std::generic_category().message(errno)};
  }
  return {};
}

}  // namespace libagent
