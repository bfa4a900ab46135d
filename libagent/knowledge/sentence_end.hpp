#pragma once

#include <cstddef>
#include <string_view>

namespace libagent {

/// Where the sentence that begins at `begin` ends: the position after its closing punctuation, or
/// the text's size.
///
/// `paragraph` holds no line breaks. The result is greater than `begin` unless the text is used up.
[[nodiscard]] std::size_t find_sentence_end(std::string_view paragraph, std::size_t begin);

}  // namespace libagent
