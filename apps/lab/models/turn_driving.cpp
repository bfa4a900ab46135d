#include "apps/lab/models/turn_driving.hpp"

#include "apps/lab/child_program.hpp"
#include "apps/lab/io_memory.hpp"

#include <algorithm>
#include <condition_variable>
#include <iostream>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

using turn_clock = std::chrono::steady_clock;

/// What happens between two points of time, from many threads.
class turn_loop {
public:
  turn_loop(turn_contestant& contestant, const turn_run& run)
      : contestant_{contestant},
        run_{run},
        counts_from_{turn_clock::now() + run.warm_up},
        ends_{counts_from_ + run.measured},
        answer_{turn_answer()} {}

  turn_figures figures() {
    {
      const std::lock_guard guard{lock_};
      open_ = run_.users;
    }
    for (std::size_t user = 0; user < run_.users; ++user)
      begin(user);
    std::unique_lock lock{lock_};
    (void)ended_.wait_until(lock, counts_from_, [this] { return open_ == 0; });
    const auto cpu_before = used_cpu_ms();
    (void)ended_.wait_until(lock, ends_, [this] { return open_ == 0; });
    const auto cpu = used_cpu_ms() - cpu_before;
    ended_.wait(lock, [this] { return open_ == 0; });
    const auto turns = took_ms_.size();
    const auto spread = quantiles_of(took_ms_);
    const std::chrono::duration<double> length = run_.measured;
    return {.per_second = static_cast<double>(turns) / length.count(),
            .p50_ms = spread.p50,
            .p99_ms = spread.p99,
            .cpu_ms = turns == 0 ? 0 : cpu / static_cast<double>(turns),
            .resident_mb = static_cast<double>(peak_bytes_of("self")) / 1e6,
            .turns = turns,
            .wrong = wrong_,
            .what = why_};
  }

private:
  void begin(std::size_t user) {
    contestant_.begin_turn(
        user, [this, user, begun = turn_clock::now()](const expected<std::string>& result) {
          end(user, begun, result);
        });
  }

  void end(std::size_t user, turn_clock::time_point begun, const expected<std::string>& result) {
    const auto now = turn_clock::now();
    {
      const std::lock_guard guard{lock_};
      const bool is_right = result && *result == answer_;
      if (!is_right) {
        ++wrong_;
        why_ = result ? "answered: " + *result : to_string(result.error());
      } else if (now >= counts_from_ && now < ends_) {
        took_ms_.push_back(std::chrono::duration<double, std::milli>(now - begun).count());
      }
      // Who fails does so at once, again and again.
      if (now >= ends_ || wrong_ > 100) {
        if (--open_ == 0)
          ended_.notify_all();
        return;
      }
    }
    begin(user);
  }

  turn_contestant& contestant_;
  turn_run run_;
  turn_clock::time_point counts_from_;
  turn_clock::time_point ends_;
  std::string answer_;
  std::mutex lock_;
  std::condition_variable ended_;
  std::size_t open_ = 0;         // with the lock
  std::vector<double> took_ms_;  // with the lock
  std::uint64_t wrong_ = 0;      // with the lock
  std::string why_;              // with the lock
};

}  // namespace

nlohmann::ordered_json to_json_line(const turn_figures& figures) {
  return {{"turns_per_s", figures.per_second},
          {"p50_ms", figures.p50_ms},
          {"p99_ms", figures.p99_ms},
          {"cpu_ms_per_turn", figures.cpu_ms},
          {"rss_mb", figures.resident_mb},
          {"turns", figures.turns},
          {"wrong", figures.wrong},
          {"what", figures.what}};
}

expected<turn_figures> turn_figures_of(const nlohmann::ordered_json& line) {
  try {
    return turn_figures{.per_second = line.at("turns_per_s").get<double>(),
                        .p50_ms = line.at("p50_ms").get<double>(),
                        .p99_ms = line.at("p99_ms").get<double>(),
                        .cpu_ms = line.at("cpu_ms_per_turn").get<double>(),
                        .resident_mb = line.at("rss_mb").get<double>(),
                        .turns = line.at("turns").get<std::uint64_t>(),
                        .wrong = line.at("wrong").get<std::uint64_t>(),
                        .what = line.value("what", "")};
  } catch (const nlohmann::json::exception& failure) {
    return error{errc::corrupt, std::string{"read what turns came to: "} + failure.what()};
  }
}

turn_figures drive_turns(turn_contestant& contestant, const turn_run& run) {
  return turn_loop{contestant, run}.figures();
}

int run_turn_part(const turn_part_options& options) {
  const auto kinds = turn_contestants();
  const auto kind = std::ranges::find(kinds, options.contestant, &turn_contestant_kind::name);
  if (kind == kinds.end()) {
    std::cerr << "agent-lab: there is no contestant " << options.contestant << '\n';
    return 1;
  }
  const auto started = kind->start(options.setup);
  if (!started) {
    std::cerr << "agent-lab: " << to_string(started.error()) << '\n';
    return 1;
  }
  tell_parent(to_json_line(drive_turns(**started, options.run)));
  return 0;
}

}  // namespace libagent::lab
