#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace libagent {

/// Reduces an English word to its stem in place and returns the stem's length: "monitoring",
/// "monitors" and "monitored" all become "monitor".
///
/// M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the two later
/// corrections of its author ("bli" and "logi"). Stems are keys, not words: "memory" gives
/// "memori".
/// @pre `word` holds only the letters a to z; words of two letters and less stay as they are.
[[nodiscard]] std::size_t stem_english(std::span<char> word);

/// The base form of a common irregular verb ("kept" gives "keep"); `word` itself for all others.
/// @pre `word` is lower case.
[[nodiscard]] std::string_view regular_form(std::string_view word);

}  // namespace libagent
