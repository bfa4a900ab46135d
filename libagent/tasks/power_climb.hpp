#pragma once

#include "libagent/base/time.hpp"

#include <chrono>
#include <cstdint>

namespace libagent {

/// How a limit is looked for. `floor` equal to `ceiling` is a fixed limit.
struct climb_options {
  std::uint32_t initial = 4;
  std::uint32_t floor = 1;
  std::uint32_t ceiling = 256;
  /// Limits that are compared with each other are this share apart, and at least 1.
  double probe = 0.2;
  /// Runs that must end before what was seen at one limit is judged. As many as are under way must
  /// end too, which takes one latency, after as many did that do not count: the work has to
  /// settle at a new limit first.
  std::uint32_t epoch_ends = 20;
};

/// What a limiter shows of itself.
struct climb_status {
  std::uint32_t limit = 0;
  std::uint32_t floor = 0;
  std::uint32_t ceiling = 0;
  std::uint32_t in_flight = 0;
  double goodput = 0;        ///< Useful ends a second, in the last epoch.
  duration latency{0};       ///< Mean of the last epoch.
  double power = 0;          ///< Goodput by latency in seconds, of the last epoch.
  bool frozen = false;       ///< Something else than the limit decides how much runs.
  std::uint64_t epochs = 0;  ///< Judged so far.
};

/// Finds how many requests a backend is best given at a time, by trying.
///
/// It climbs on power, goodput by latency (L. Kleinrock, "Power and deterministic rules of thumb
/// for probabilistic problems in computer communications", 1979). By Little's law latency is what
/// is under way by throughput, so power grows with the limit exactly while 1 % more under way gives
/// more than 0.5 % more goodput. That slope is measured: the limit goes up and down by `probe`, two
/// neighbouring epochs are compared, and the middle moves with the difference (stochastic
/// approximation, J. Kiefer and J. Wolfowitz 1952), the less the more the differences vary. Where
/// they vary much, it is optimistic (T. Lai and H. Robbins 1985): a few requests too many cost
/// latency, too few cost throughput, and with tasks of mixed lengths goodput varies much just
/// when there are too few. At first the limit is multiplied by 1.5 until that pays no more.
///
/// Only epochs in which the limit was what held requests back are compared; else the limit stays.
/// Cost: O(1) per call, no allocation. Thread safety: none.
class power_climb {
public:
  /// @pre 1 <= floor <= ceiling, `probe` is positive, `epoch_ends` at least 1. `initial` is brought
  /// within the bounds.
  explicit power_climb(climb_options options);

  /// How many may be under way now. Changes in `on_end` only.
  [[nodiscard]] std::uint32_t limit() const { return limit_; }

  /// @pre `now` is not earlier than in any previous call.
  void on_start(time_point now);

  /// A run ended that took `took`; it is useful when it succeeded within its deadline.
  /// @pre A run is under way; `now` as above.
  void on_end(duration took, bool useful, time_point now);

  /// While frozen the limit stays: something else, for example memory, decides what may run.
  void set_frozen(bool frozen);

  [[nodiscard]] climb_status status() const;

private:
  /// What was seen since the limit settled.
  struct epoch {
    time_point begin;
    double in_flight_seconds = 0;
    double full_seconds = 0;  ///< With as many under way as may be.
    duration took{0};
    std::uint32_t ends = 0;
    std::uint32_t useful = 0;
  };

  /// The last epoch that the next one can be compared with.
  struct baseline {
    std::uint32_t limit = 0;  ///< 0: there is none.
    double log_goodput = 0;
  };

  void advance(time_point now);
  void begin_epoch(time_point now, bool settling);
  [[nodiscard]] bool is_over(double seconds) const;
  void judge(double seconds);
  void forget_baseline();
  void search(double log_step, double surplus);
  void track(double log_step, double surplus);
  void set_middle(double log_limit);
  void probe_next();

  climb_options options_;
  std::uint32_t limit_;
  std::uint32_t in_flight_ = 0;
  time_point seen_until_;
  epoch epoch_;
  bool is_settling_ = true;
  bool is_frozen_ = false;
  bool is_held_back_ = true;  ///< In the last epoch, by the limit.
  baseline before_;
  double middle_;  ///< Logarithm of the limit around which is probed.
  double noise_;   ///< Variance of what `track` sees.
  bool is_searching_ = true;
  std::uint32_t strikes_ = 0;  ///< Steps of the search in a row that did not pay.
  bool is_high_ = false;       ///< Which side of the middle is probed.
  climb_status last_;
};

}  // namespace libagent
