#pragma once

#include "libagent/knowledge/text_kind.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace libagent {

/// A heading: how deep it is (1 = the title), and its words.
struct heading_mark {
  std::size_t level = 1;
  std::string_view title;
};

/// `text` without blanks (spaces, tabs, returns) at both ends.
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

/// A `#` heading, in the kinds that have them.
[[nodiscard]] std::optional<heading_mark> hash_heading(std::string_view line, text_kind kind);

/// The level of the heading that `underline` makes of the line above it; empty when `above` is no
/// title or `underline` no underline.
[[nodiscard]] std::optional<std::size_t> underlined_heading(std::string_view above,
                                                            std::string_view underline,
                                                            text_kind kind);

/// Whether the line opens or closes a code fence.
[[nodiscard]] bool is_code_fence(std::string_view line, text_kind kind);

/// Bytes of blanks and list marker (`- `, `* `, `3. `, `-x`) at the start; 0: no list item.
/// For an option such as `-x` or `--all`, which belongs to the words, only the blanks count; then
/// `marker_kept` is true.
struct list_item_mark {
  std::size_t skip = 0;
  bool is_item = false;
};

[[nodiscard]] list_item_mark list_item(std::string_view line);

/// Whether the line holds nothing but punctuation: a rule, an underline, a table's separator.
[[nodiscard]] bool is_decoration(std::string_view line);

/// The words of a comment line in program code, without its markers; empty when it is no comment.
[[nodiscard]] std::optional<std::string_view> comment_words(std::string_view line);

}  // namespace libagent
