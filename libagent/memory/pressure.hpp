#pragma once

#include "libagent/memory/memory_phase.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

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

/// What made the level rise.
enum class pressure_cause : std::uint8_t {
  none,
  used,                ///< The share of the budget in use.
  available,           ///< What the machine has left.
  stall,               ///< The time that work stood still for want of memory.
  growth,              ///< The use that is to be expected if it goes on as in the last second.
  allocation_failure,  ///< Memory was asked for and not given.
};

template <>
struct enum_names<pressure_cause> {
  static constexpr std::array<std::pair<pressure_cause, std::string_view>, 6> values{
      {{pressure_cause::none, "none"},
       {pressure_cause::used, "used"},
       {pressure_cause::available, "available"},
       {pressure_cause::stall, "stall"},
       {pressure_cause::growth, "growth"},
       {pressure_cause::allocation_failure, "allocation_failure"}}};
};

/// What was done against pressure, counted since the start.
struct memory_actions {
  std::uint64_t trims = 0;                ///< Free memory was asked back from the allocator.
  std::uint64_t preempted = 0;            ///< Running tasks that were put back into the queue.
  std::uint64_t cancelled = 0;            ///< Running tasks that were ended.
  std::uint64_t reserve_released = 0;     ///< The block kept for emergencies was given up.
  std::uint64_t allocation_failures = 0;  ///< Memory was asked for and not given.

  friend bool operator==(const memory_actions&, const memory_actions&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, memory_actions& x) {
  return record(
      f, x, "memory_actions",
      field("trims", "Times that free memory was asked back from the allocator.", x.trims),
      field("preempted", "Running tasks that were put back into the queue.", x.preempted),
      field("cancelled", "Running tasks that were ended.", x.cancelled),
      field("reserve_released", "Times that the emergency block was given up.", x.reserve_released),
      field("allocation_failures", "Allocations that failed.", x.allocation_failures));
}

/// What the memory monitor saw last.
struct memory_status {
  pressure_level level = pressure_level::normal;
  std::uint64_t used_bytes = 0;                 ///< Resident set size of this process.
  std::uint64_t available_bytes = 0;            ///< MemAvailable of the machine.
  std::uint64_t budget_bytes = 0;               ///< What this process may use.
  std::uint64_t peak_bytes = 0;                 ///< Largest `used_bytes` seen.
  std::uint64_t samples = 0;                    ///< Since the monitor started.
  pressure_cause cause = pressure_cause::none;  ///< What made the level rise last.
  std::uint64_t reserved_bytes = 0;             ///< Set aside for tasks.
  memory_actions actions;
  std::vector<memory_phase> phases;  ///< What the work's phases used, in order of appearance.
};

template <class Inspector>
bool inspect(Inspector& f, memory_status& x) {
  return record(
      f, x, "memory_status", field("level", "How short memory is.", x.level),
      field("used_bytes", "Resident set size of the process.", x.used_bytes),
      field("available_bytes", "MemAvailable of the machine.", x.available_bytes),
      field("budget_bytes", "What the process may use.", x.budget_bytes),
      field("peak_bytes", "Largest use seen.", x.peak_bytes),
      field("samples", "Samples taken since the start.", x.samples),
      field("cause", "What made the level rise last.", x.cause).fallback(pressure_cause::none),
      field("reserved_bytes", "Set aside for tasks.", x.reserved_bytes).fallback(std::uint64_t{0}),
      field("actions", "What was done against pressure.", x.actions).fallback(memory_actions{}),
      field("phases", "Memory by phase of the work.", x.phases)
          .fallback(std::vector<memory_phase>{}));
}

}  // namespace libagent
