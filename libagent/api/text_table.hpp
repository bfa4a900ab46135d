#pragma once

#include <string>
#include <vector>

namespace libagent {

using text_row = std::vector<std::string>;

/// One line a row, in columns as wide as their widest cell; the last one is not padded.
/// @pre There is a first row, and no other has more cells.
[[nodiscard]] std::string text_table(const std::vector<text_row>& rows);

}  // namespace libagent
