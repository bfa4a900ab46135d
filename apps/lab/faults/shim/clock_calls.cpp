// The calls that read the wall clock. Absolute waits on it are libc's own and are not shifted.
#include "apps/lab/faults/shim/shim_plan.hpp"

#include <atomic>
#include <cstdint>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace libagent::lab::shim {

namespace {

using read_clock = int (*)(clockid_t, timespec*);

constexpr std::int64_t second_ns = 1'000'000'000;

/// Eight bytes that the harness writes: nanoseconds to add. Null: nothing is to be added.
const std::int64_t* map_offset() {
  if (plan().clock_file == nullptr)
    return nullptr;
  const auto file =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, plan().clock_file, O_RDONLY | O_CLOEXEC, 0));
  struct stat about{};
  // Touching a mapping behind the end of its file would be fatal.
  if (file < 0 || ::fstat(file, &about) != 0 ||
      about.st_size < static_cast<off_t>(sizeof(std::int64_t)))
    give_up("fault shim: the clock file has to be there, with its eight bytes\n");
  void* const mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  (void)::syscall(SYS_close, file);
  if (mapped == MAP_FAILED)
    give_up("fault shim: cannot map the clock file\n");
  return static_cast<const std::int64_t*>(mapped);
}

constinit std::atomic<const std::int64_t*> offset_in_file{nullptr};
constinit std::atomic<read_clock> real_read_clock{nullptr};

[[gnu::constructor]] void find_clock() {
  offset_in_file.store(map_offset());
}

std::int64_t offset_ns() {
  const auto* const offset = offset_in_file.load(std::memory_order_acquire);
  return offset == nullptr ? 0 : __atomic_load_n(offset, __ATOMIC_RELAXED);
}

/// The next library's function, which reads the clock without entering the kernel.
int read_real_clock(clockid_t clock, timespec* out) {
  auto real = real_read_clock.load(std::memory_order_relaxed);
  if (real == nullptr) {
    real = reinterpret_cast<read_clock>(::dlsym(RTLD_NEXT, "clock_gettime"));
    if (real == nullptr)
      return static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
    real_read_clock.store(real, std::memory_order_relaxed);
  }
  return real(clock, out);
}

void shift_time(timespec& time) {
  const auto offset = offset_ns();
  auto rest = static_cast<std::int64_t>(time.tv_nsec) + offset % second_ns;
  time.tv_sec += offset / second_ns;
  if (rest < 0 || rest >= second_ns) {
    time.tv_sec += rest < 0 ? -1 : 1;
    rest += rest < 0 ? second_ns : -second_ns;
  }
  time.tv_nsec = rest;
}

}  // namespace

}  // namespace libagent::lab::shim

namespace shim = libagent::lab::shim;

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): named as in this project
extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const int result = shim::read_real_clock(clock, out);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    shim::shift_time(*out);
  return result;
}

int gettimeofday(timeval* out, void* /*zone*/) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr)
    *out = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(timespec* out, int base) noexcept {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
