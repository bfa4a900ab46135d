#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace libagent {

/// How the operating system ranks the threads that run long tasks: by niceness alone, as batch
/// work, or only when nothing else wants a core. The last one gets nothing on a machine that others
/// keep busy.
enum class worker_policy : std::uint8_t { nice, batch, idle };

template <>
struct enum_names<worker_policy> {
  static constexpr std::array<std::pair<worker_policy, std::string_view>, 3> values{
      {{worker_policy::nice, "nice"},
       {worker_policy::batch, "batch"},
       {worker_policy::idle, "idle"}}};
};

/// How it ranks the threads that run short tasks: like those of any program, or ahead of all that
/// is not real-time work. The latter needs a permission; see `raise_thread_to_fifo`.
enum class interactive_policy : std::uint8_t { normal, fifo };

template <>
struct enum_names<interactive_policy> {
  static constexpr std::array<std::pair<interactive_policy, std::string_view>, 2> values{
      {{interactive_policy::normal, "normal"}, {interactive_policy::fifo, "fifo"}}};
};

}  // namespace libagent
