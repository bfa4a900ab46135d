#include "apps/lab/faults/shim/shim_plan.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace libagent::lab::shim {

namespace {

shim_plan read_plan() {
  const char* const after = ::getenv("FAULT_FSYNC_AFTER");
  return {.path_part = ::getenv("FAULT_PATH"),
          .undo_log = ::getenv("FAULT_UNDO_LOG"),
          .sync_flag = ::getenv("FAULT_FSYNC_FLAG"),
          .space_flag = ::getenv("FAULT_NOSPC_FLAG"),
          .clock_file = ::getenv("FAULT_CLOCK_FILE"),
          .fail_sync_after = after == nullptr ? 0 : std::strtoul(after, nullptr, 10),
          .skips_sync = ::getenv("FAULT_FSYNC_SKIP") != nullptr};
}

// Initialized by the library's constructor, or before it by a call from another library's: both on
// the first thread.
constinit shim_plan the_plan;
constinit std::atomic<bool> is_plan_read{false};

[[gnu::constructor]] void read_plan_early() {
  plan();
}

bool ends_with(const char* text, const char* ending) {
  const auto size = std::strlen(text);
  const auto ending_size = std::strlen(ending);
  return size >= ending_size && std::strcmp(text + (size - ending_size), ending) == 0;
}

}  // namespace

const shim_plan& plan() {
  if (!is_plan_read.load(std::memory_order_acquire)) {
    the_plan = read_plan();
    is_plan_read.store(true, std::memory_order_release);
  }
  return the_plan;
}

bool is_raised(const char* file) {
  if (file == nullptr)
    return false;
  const int before = errno;
  const bool exists = ::syscall(SYS_access, file, F_OK) == 0;
  errno = before;
  return exists;
}

bool is_watched_path(const char* path) {
  return plan().path_part != nullptr && std::strstr(path, plan().path_part) != nullptr &&
         !ends_with(path, "-shm");
}

// Asked anew for each call: a descriptor's number says nothing once libc itself closes and opens.
bool is_watched(int descriptor, struct stat& about) {
  if (plan().path_part == nullptr)
    return false;
  const int before = errno;
  bool is = ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  if (is) {
    std::array<char, 32> link{"/proc/self/fd/"};
    auto* digit = link.data() + std::strlen(link.data());
    unsigned scale = 1;
    while (static_cast<unsigned>(descriptor) / scale >= 10)
      scale *= 10;
    for (; scale > 0; scale /= 10)
      *digit++ = static_cast<char>('0' + static_cast<unsigned>(descriptor) / scale % 10);
    std::array<char, PATH_MAX> path{};
    is = ::readlink(link.data(), path.data(), path.size() - 1) > 0 && is_watched_path(path.data());
  }
  errno = before;
  return is;
}

void give_up(const char* why) {
  (void)::syscall(SYS_write, STDERR_FILENO, why, std::strlen(why));
  ::_exit(86);
}

}  // namespace libagent::lab::shim
