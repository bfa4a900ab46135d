#pragma once

#include "libagent/knowledge/text_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// A few lines of a document: what is indexed, found and read as one.
struct passage {
  std::string headings;          ///< Path of headings above it, "Memory > Levels"; may be empty.
  std::string text;              ///< Its lines, joined by `\n`, as the document has them.
  std::uint32_t line_first = 0;  ///< Counted from 1.
  text_kind kind = text_kind::plain;  ///< `source` for a passage inside a code fence.

  friend bool operator==(const passage&, const passage&) = default;
};

/// When a passage ends: at a paragraph's end past the soft size, anywhere past the hard size.
struct passage_limits {
  std::size_t bytes_soft = 600;
  std::size_t bytes_hard = 1200;
  std::size_t lines_soft = 8;
  std::size_t lines_hard = 16;
};

/// Cuts a document into passages that cover all lines that hold words.
///
/// A heading always begins a passage. A line longer than the hard size is cut at the end of a
/// sentence, else at a space, else between code points. Broken UTF-8 is passed through.
/// @pre the limits are positive, and hard is not below soft.
[[nodiscard]] std::vector<passage> make_passages(std::string_view document, text_kind kind,
                                                 const passage_limits& limits = {});

}  // namespace libagent
