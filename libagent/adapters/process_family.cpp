#include "libagent/adapters/process_family.hpp"

#include "libagent/adapters/owned_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

namespace libagent {

namespace {

using family_clock = std::chrono::steady_clock;

struct directory_closer {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool has_tag(pid_t process, std::uint64_t tag, std::uint64_t mask) {
  rlimit seen{};
  return ::prlimit(process, RLIMIT_LOCKS, nullptr, &seen) == 0 && seen.rlim_max != RLIM_INFINITY &&
         ((seen.rlim_max ^ tag) & mask) == 0;
}

/// Whether it has ended, and only waits for its parent to notice.
bool is_dead(pid_t process) {
  const auto name = "/proc/" + std::to_string(process) + "/stat";
  const owned_descriptor file{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 512> bytes{};
  const auto got = file.is_open() ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (got <= 0)
    return true;
  const std::string_view text{bytes.data(), static_cast<std::size_t>(got)};
  const auto name_end = text.rfind(')');  // a name may hold anything else
  if (name_end == std::string_view::npos || name_end + 2 >= text.size())
    return false;
  const char state = text[name_end + 2];
  return state == 'Z' || state == 'X';
}

std::vector<pid_t> living_members(std::uint64_t tag, std::uint64_t mask) {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, directory_closer> all{::opendir("/proc")};
  if (!all || tag == 0)
    return found;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one directory stream, one thread
  while (const dirent* entry = ::readdir(all.get())) {
    pid_t process = 0;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, process).ec == std::errc{} && process > 0 &&
        has_tag(process, tag, mask) && !is_dead(process))
      found.push_back(process);
  }
  return found;
}

/// Kills a process if it still is of the family: its number may be another one's by now.
owned_descriptor kill_member(pid_t process, std::uint64_t tag, std::uint64_t mask) {
  owned_descriptor watched{static_cast<int>(::syscall(SYS_pidfd_open, process, 0))};
  if (!watched.is_open() || !has_tag(process, tag, mask))
    return {};
  (void)::syscall(SYS_pidfd_send_signal, watched.get(), SIGKILL, nullptr, 0);
  return watched;
}

void await_end(const owned_descriptor& process, family_clock::time_point until) {
  if (!process.is_open())
    return;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - family_clock::now()).count();
  pollfd watched{.fd = process.get(), .events = POLLIN, .revents = 0};
  (void)::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
}

}  // namespace

std::size_t process_family::count() const {
  return living_members(tag_, mask_).size();
}

bool process_family::kill_all(std::chrono::milliseconds patience) const {
  const auto until = family_clock::now() + patience;
  for (;;) {
    const auto members = living_members(tag_, mask_);
    if (members.empty())
      return true;
    // All are killed before any is waited for: the quicker the round, the fewer begin meanwhile.
    owned_descriptor last;
    for (const auto member : members)
      last = kill_member(member, tag_, mask_);
    if (family_clock::now() >= until)
      return false;
    await_end(last, until);
  }
}

}  // namespace libagent
