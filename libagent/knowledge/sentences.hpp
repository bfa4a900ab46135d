#pragma once

#include "libagent/knowledge/text_kind.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What a piece of text is to somebody who looks for an answer.
enum class sentence_role : std::uint8_t {
  prose,     ///< A sentence of a paragraph, a list item, a comment.
  heading,   ///< Names what follows.
  question,  ///< Ends in a question mark; what follows may answer it.
  row,       ///< A table's row.
  code,      ///< A line of program code or sample output.
};

/// One sentence, with the lines it stands on.
struct sentence {
  std::string text;              ///< One line: inner line breaks and runs of blanks are one space.
  std::uint32_t line_first = 0;  ///< Counted from 1.
  std::uint32_t line_last = 0;   ///< Inclusive.
  sentence_role role = sentence_role::prose;

  friend bool operator==(const sentence&, const sentence&) = default;
};

/// Splits a text whose first line has the number `line_first` into sentences.
///
/// Paragraphs, headings, list items, table rows and code lines are never glued together; lines
/// of one paragraph are. List markers, quotation marks of mail, comment markers, emphasis and
/// link targets of Markdown are left out of the words. A dot ends a sentence only before a space
/// and a letter that is not lower case, and not after an abbreviation; so decimals, versions and
/// file names stay whole. Chinese and Japanese full stops end one anywhere.
[[nodiscard]] std::vector<sentence> split_sentences(std::string_view text, text_kind kind,
                                                    std::uint32_t line_first = 1);

}  // namespace libagent
