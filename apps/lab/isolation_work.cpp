#include "apps/lab/isolation_work.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <thread>

namespace libagent::lab {

namespace {

constexpr double short_us = 50;
constexpr double slice_us = 1'000;

double thread_cpu_us() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
}

}  // namespace

std::uint64_t spin(std::uint64_t rounds) {
  // A chain in which each round needs the one before: no two run at once, none can be skipped.
  std::uint64_t state = 0x9E3779B97F4A7C15ULL ^ rounds;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
  }
  return state;
}

double cpu_us_of_spin(std::uint64_t rounds) {
  constexpr int tries = 7;
  double least = std::numeric_limits<double>::max();
  std::uint64_t kept = 0;
  for (int i = 0; i < tries; ++i) {
    const auto begin = thread_cpu_us();
    kept |= spin(rounds);
    least = std::min(least, thread_cpu_us() - begin);
  }
  // `kept` is never 0; the compiler does not know.
  return kept == 0 ? 0 : least;
}

work_sizes calibrate_work() {
  constexpr std::uint64_t probe = 2'000'000;
  const double rounds_per_us = static_cast<double>(probe) / cpu_us_of_spin(probe);
  return {.short_rounds = static_cast<std::uint64_t>(short_us * rounds_per_us),
          .slice_rounds = static_cast<std::uint64_t>(slice_us * rounds_per_us)};
}

void run_long_task(const work_sizes& sizes, long_work& shared) {
  for (std::uint32_t i = 0; i < sizes.slices && !shared.stopping.load(); ++i) {
    if (spin(sizes.slice_rounds) != 0)
      shared.slices_done.fetch_add(1, std::memory_order_relaxed);
  }
}

bool wait_until_idle(const long_work& shared, int seconds) {
  const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  while (shared.outstanding.load() > 0 && std::chrono::steady_clock::now() < give_up_at)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return shared.outstanding.load() == 0;
}

}  // namespace libagent::lab
