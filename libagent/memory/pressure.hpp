#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace libagent {

/// How short memory is. Each level has its reactions; higher includes lower.
enum class pressure_level : std::uint8_t { normal, elevated, high, critical, emergency };

template <>
struct enum_names<pressure_level> {
  static constexpr std::array<std::pair<pressure_level, std::string_view>, 5> values{
      {{pressure_level::normal, "normal"},
       {pressure_level::elevated, "elevated"},
       {pressure_level::high, "high"},
       {pressure_level::critical, "critical"},
       {pressure_level::emergency, "emergency"}}};
};

/// What the memory monitor saw last.
struct memory_status {
  pressure_level level = pressure_level::normal;
  std::uint64_t used_bytes = 0;       ///< Resident set size of this process.
  std::uint64_t available_bytes = 0;  ///< MemAvailable of the machine.
  std::uint64_t budget_bytes = 0;     ///< What this process may use.
  std::uint64_t peak_bytes = 0;       ///< Largest `used_bytes` seen.
  std::uint64_t samples = 0;          ///< Since the monitor started.
};

template <class Inspector>
bool inspect(Inspector& f, memory_status& x) {
  return record(f, x, "memory_status", field("level", "How short memory is.", x.level),
                field("used_bytes", "Resident set size of the process.", x.used_bytes),
                field("available_bytes", "MemAvailable of the machine.", x.available_bytes),
                field("budget_bytes", "What the process may use.", x.budget_bytes),
                field("peak_bytes", "Largest use seen.", x.peak_bytes),
                field("samples", "Samples taken since the start.", x.samples));
}

}  // namespace libagent
