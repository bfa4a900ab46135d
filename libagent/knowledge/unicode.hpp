#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace libagent {

/// One code point read from UTF-8.
struct decoded_code_point {
  char32_t code = 0;
  std::uint8_t length = 0;  ///< Bytes consumed, at least 1.
  bool valid = true;        ///< False: a broken byte, skipped as U+FFFD.
};

/// Decodes the code point that begins at `text[at]`.
///
/// Broken input (stray continuation, overlong form, surrogate, cut off sequence) costs one byte
/// each and never an error: documents in the wild are broken, and the rest of them is not.
/// @pre `at < text.size()`.
[[nodiscard]] decoded_code_point decode_utf8(std::string_view text, std::size_t at);

/// Appends `code` as UTF-8; code points that are not Unicode scalars become U+FFFD.
void append_utf8(std::string& out, char32_t code);

/// Maps what a reader takes for the same letter to one letter: lower case, no Latin diacritics,
/// full-width forms as half-width ones. Returns 0 for a combining mark, which is left out.
[[nodiscard]] char32_t fold_letter(char32_t code);

/// How a code point takes part in words.
enum class letter_class : std::uint8_t {
  separator,    ///< Space, punctuation, symbol.
  word,         ///< Part of a word that separators end.
  unsegmented,  ///< Of a script written without spaces: Han, kana, hangul, Thai and its neighbours.
};

/// Classifies a code point that `fold_letter` returned.
[[nodiscard]] letter_class classify_letter(char32_t folded);

/// True for Han, kana and hangul: scripts whose lines are joined without a space.
[[nodiscard]] bool is_east_asian(char32_t code);

}  // namespace libagent
