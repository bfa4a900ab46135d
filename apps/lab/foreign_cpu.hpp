#pragma once

#include <cstdint>

namespace libagent::lab {

/// How much of the machine others used while something was measured: what all cores did, less
/// what this process and its descendants did. Time stolen by a hypervisor counts as others'.
class foreign_cpu_meter {
public:
  /// Begins now. Reads /proc, which takes some milliseconds.
  foreign_cpu_meter();

  /// The share of all cores since the beginning, in percent; 0 where /proc cannot be read.
  [[nodiscard]] double percent() const;

private:
  struct reading {
    std::uint64_t all = 0;   ///< Ticks of all cores, idle ones included.
    std::uint64_t busy = 0;  ///< Of them not idle.
    std::uint64_t own = 0;   ///< Of them ours.
  };

  [[nodiscard]] static reading read();

  reading begin_;
};

}  // namespace libagent::lab
