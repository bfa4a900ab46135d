#include "apps/lab/memory_load.hpp"

#include "libagent/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <thread>

namespace libagent::lab {

namespace {

using steady = std::chrono::steady_clock;

constexpr double usable_share = 0.85;

/// When the next one of a Poisson stream comes.
class arrivals {
public:
  arrivals(double per_s, load_time begin) : per_s_{per_s}, next_{begin} {}

  [[nodiscard]] load_time next() const { return next_; }

  void advance(seeded_random& random) {
    const auto uniform = (static_cast<double>(random() >> 11U) + 0.5) / 9007199254740992.0;
    const std::chrono::duration<double> gap{-std::log(uniform) / per_s_};
    next_ += std::chrono::duration_cast<steady::duration>(gap);
  }

private:
  double per_s_;
  load_time next_;
};

std::chrono::milliseconds draw_hold(const memory_load& load, seeded_random& random) {
  const auto width = static_cast<std::uint64_t>((load.hold_max - load.hold_min).count());
  return load.hold_min + std::chrono::milliseconds{random() % (width + 1)};
}

}  // namespace

memory_load memory_load_for(const lab_options& options, std::uint64_t limit_bytes) {
  memory_load load;
  load.limit_bytes = limit_bytes;
  load.task_bytes = limit_bytes / 8;
  load.seed = options.seed;
  if (options.quick) {
    load.length = std::chrono::seconds{4};
    load.long_timeout = std::chrono::seconds{3};
  }
  return load;
}

double long_per_s(const memory_load& load) {
  const auto fits = std::floor(static_cast<double>(load.limit_bytes) * usable_share /
                               static_cast<double>(load.task_bytes));
  const std::chrono::duration<double> mean = (load.hold_min + load.hold_max) / 2;
  return load.times_what_fits * fits / mean.count();
}

void load_tally::note_ended(task_state how, std::chrono::duration<double, std::milli> took) {
  ++ended_;
  switch (how) {
    using enum task_state;
    case failed: ++failed_; break;
    case cancelled: ++cancelled_; break;
    case expired: ++expired_; break;
    case dead: ++dead_; break;
    default:
      ++succeeded_;
      const std::lock_guard lock{mutex_};
      took_ms_.push_back(took.count());
  }
}

std::uint64_t load_tally::wrong() const {
  const auto accepted = accepted_.load();
  return accepted - std::min(accepted, ended_.load()) + twice_;
}

nlohmann::ordered_json load_tally::to_json_value() const {
  const auto took = [this] {
    const std::lock_guard lock{mutex_};
    return quantiles_of(took_ms_);
  }();
  return {{"offered", offered_.load()}, {"accepted", accepted_.load()},
          {"refused", refused_.load()}, {"succeeded", succeeded_.load()},
          {"failed", failed_.load()},   {"cancelled", cancelled_.load()},
          {"expired", expired_.load()}, {"dead", dead_.load()},
          {"not ended once", wrong()},  {"p50 ms", took.p50},
          {"p99 ms", took.p99}};
}

void offer(const memory_load& load, const load_targets& targets) {
  seeded_random random{load.seed};
  const auto begin = steady::now();
  const auto end = begin + load.length;
  arrivals shorts{load.short_per_s, begin};
  arrivals longs{long_per_s(load), begin};
  auto report_at = begin;
  bool is_declared = false;
  while (std::min(shorts.next(), longs.next()) < end) {
    const auto next = std::min(shorts.next(), longs.next());
    std::this_thread::sleep_until(next);
    if (next == shorts.next()) {
      targets.submit_short(next);
      shorts.advance(random);
    } else {
      is_declared = !is_declared;
      targets.submit_long({draw_hold(load, random), is_declared}, next);
      longs.advance(random);
    }
    if (next >= report_at) {
      targets.every_quarter_second();
      report_at = next + std::chrono::milliseconds{250};
    }
  }
}

void compute_briefly() {
  const auto end = steady::now() + std::chrono::microseconds{50};
  while (steady::now() < end) {
  }
}

bool keep_memory(std::uint64_t bytes, std::chrono::milliseconds hold, const std::stop_token& stop) {
  constexpr std::uint64_t step = std::uint64_t{4} << 20U;
  const auto block = std::make_unique_for_overwrite<char[]>(bytes);  // NOLINT: not initialised
  for (std::uint64_t at = 0; at < bytes; at += step) {
    if (stop.stop_requested())
      return false;
    std::memset(block.get() + at, 1, std::min(step, bytes - at));
  }
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, stop, hold, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace libagent::lab
