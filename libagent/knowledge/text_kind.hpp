#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace libagent {

/// What the lines of a text mean to passages and sentences.
enum class text_kind : std::uint8_t {
  plain,     ///< Paragraphs; a line underlined with `===` or `---` is a heading.
  markdown,  ///< The same with `#` headings, fences, tables.
  html,      ///< Text taken out of HTML: paragraphs, with headings written as `#`.
  source,    ///< Program code: comments are prose, everything else stands line by line.
};

template <>
struct enum_names<text_kind> {
  static constexpr std::array<std::pair<text_kind, std::string_view>, 4> values{
      {{text_kind::plain, "plain"},
       {text_kind::markdown, "markdown"},
       {text_kind::html, "html"},
       {text_kind::source, "source"}}};
};

/// Ends a paragraph without ending a line (U+2029 in UTF-8). Extraction writes it where two
/// blocks of a document stand in one line of its file, so that line numbers stay those of the
/// file.
inline constexpr std::string_view paragraph_separator = "\xE2\x80\xA9";

}  // namespace libagent
