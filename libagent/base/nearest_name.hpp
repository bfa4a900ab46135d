#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace libagent {

/// Finds the name that somebody who typed `wanted` most likely meant; empty when none is close.
///
/// Close: at most a third of the longer name's characters (but at least one) inserted, deleted,
/// replaced or swapped with their neighbour; upper and lower case count as the same. Ties go to
/// the earlier name. Names past 64 bytes are never close, which bounds the cost.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view wanted,
                                                           std::span<const std::string_view> known);

/// ` (did you mean "NAME"?)`, or nothing: to be put behind an error about an unknown name.
[[nodiscard]] std::string did_you_mean(std::string_view wanted,
                                       std::span<const std::string_view> known);

}  // namespace libagent
