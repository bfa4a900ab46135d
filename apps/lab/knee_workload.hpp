#pragma once

#include "libagent/base/random.hpp"

#include <chrono>
#include <cstddef>

namespace libagent::lab {

/// How long a request waits before it needs the server, for example for a model to be thought
/// about elsewhere: the share `long_share` waits `long_wait`, the others `wait`.
struct wait_mix {
  std::chrono::duration<double> wait{3.8};
  std::chrono::duration<double> long_wait{0};
  double long_share = 0;

  /// One wait, within 20 % of what its kind waits on average.
  [[nodiscard]] std::chrono::duration<double> draw(seeded_random& random) const {
    const auto average = random.unit() < long_share ? long_wait : wait;
    return average * (0.8 + 0.4 * random.unit());
  }

  [[nodiscard]] std::chrono::duration<double> mean() const {
    return long_wait * long_share + wait * (1 - long_share);
  }
};

/// Work with a knee: every request waits, which any number can do at a time, then one server
/// serves one after the other, each the slower the more are under way.
///
/// The default figures are those of an agent's task on one small machine: 3.8 s of waiting and
/// 0.422 s of a resource that serves one at a time, so that ten under way give 2.37 a second and
/// more only make everybody slower.
struct knee_workload {
  wait_mix waits;
  std::chrono::duration<double> service{0.422};
  std::size_t slower_above = 10;     ///< Under way, before it gets slower.
  double slower_per_request = 0.01;  ///< For each request under way above that.

  /// How long the server takes for one request, within half of the average for `under_way`.
  [[nodiscard]] std::chrono::duration<double> draw_service(std::size_t under_way,
                                                           seeded_random& random) const {
    return mean_service(under_way) * (0.5 + random.unit());
  }

  [[nodiscard]] std::chrono::duration<double> mean_service(std::size_t under_way) const {
    const auto above = under_way > slower_above ? under_way - slower_above : 0;
    return service * (1 + slower_per_request * static_cast<double>(above));
  }
};

/// One kind of task.
[[nodiscard]] inline knee_workload uniform_knee() {
  return {};
}

/// Nine in ten tasks of 0.4 s and one of 34 s, which is the same waiting on average.
[[nodiscard]] inline knee_workload mixed_knee() {
  using seconds = std::chrono::duration<double>;
  return {.waits = {.wait = seconds{0.4}, .long_wait = seconds{34}, .long_share = 0.1}};
}

/// The same workload with all times multiplied.
[[nodiscard]] inline knee_workload scaled(knee_workload work, double factor) {
  work.waits.wait *= factor;
  work.waits.long_wait *= factor;
  work.service *= factor;
  return work;
}

}  // namespace libagent::lab
