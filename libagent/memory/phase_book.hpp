#pragma once

#include "libagent/base/time.hpp"
#include "libagent/memory/memory_phase.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string_view>
#include <vector>

namespace libagent {

/// Files samples of memory use under what the work calls itself at the time.
///
/// There is one present phase, the one that was entered last: it tells the phases of one piece of
/// work apart, not those of several at a time. The mean is over samples, which is over time as
/// long as they come at even intervals; a phase shorter than the interval may have none.
///
/// Bounds: 64 phases; the names that come after 63 are filed together as `other_phases`. Thread
/// safety: all, from any thread; a time that is earlier than the previous one counts as that.
class phase_book {
public:
  static constexpr std::size_t phases_max = 64;
  static constexpr std::size_t name_bytes_max = 64;
  static constexpr std::string_view other_phases = "(other)";

  /// The work is called `name` from now on, cut to 64 bytes (between characters); empty: it has
  /// ended, and samples are filed nowhere.
  void enter(std::string_view name, time_point now);

  void sample(std::uint64_t used_bytes, time_point now);

  /// In order of first entry. The present phase's time runs to the last sample or entry.
  [[nodiscard]] std::vector<memory_phase> list() const;

private:
  struct phase {
    memory_phase shown;
    double sum_bytes = 0;
    duration time{};
  };

  static constexpr std::size_t no_phase = std::numeric_limits<std::size_t>::max();

  std::size_t find_or_add(std::string_view name);
  void pass_time(time_point now);

  mutable std::mutex mutex_;
  std::vector<phase> phases_;
  std::size_t present_ = no_phase;
  time_point last_;
};

}  // namespace libagent
