#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// Whom the failure of one child restarts: only itself, all children, or itself and those that
/// were started after it.
enum class strategy : std::uint8_t { one_for_one, one_for_all, rest_for_one };

template <>
struct enum_names<strategy> {
  static constexpr std::array<std::pair<strategy, std::string_view>, 3> values{
      {{strategy::one_for_one, "one_for_one"},
       {strategy::one_for_all, "one_for_all"},
       {strategy::rest_for_one, "rest_for_one"}}};
};

/// Returns the positions to restart, in start order, after the child at `failed` died.
///
/// @pre `failed` is less than `child_count`.
[[nodiscard]] std::vector<std::size_t> children_to_restart(strategy which, std::size_t failed,
                                                           std::size_t child_count);

}  // namespace libagent
