#pragma once

#include "libagent/record/field.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace libagent {

/// What was in use while the work called itself by one name.
struct memory_phase {
  std::string name;
  std::uint64_t entered = 0;     ///< How often it began.
  std::uint64_t samples = 0;     ///< Samples that fell into it.
  std::uint64_t mean_bytes = 0;  ///< Mean of the samples; 0 without any.
  std::uint64_t peak_bytes = 0;  ///< Largest sample.
  std::chrono::milliseconds time{0};

  friend bool operator==(const memory_phase&, const memory_phase&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, memory_phase& x) {
  return record(f, x, "memory_phase", field("name", "What the work calls it.", x.name),
                field("entered", "How often it began.", x.entered),
                field("samples", "Samples that fell into it.", x.samples),
                field("mean_bytes", "Mean of the samples.", x.mean_bytes),
                field("peak_bytes", "Largest sample.", x.peak_bytes),
                field("time_ms", "How long it lasted in all.", x.time));
}

}  // namespace libagent
