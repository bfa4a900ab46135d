#include "libagent/knowledge/unicode.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace libagent {

namespace {

constexpr char32_t replacement_character = 0xFFFD;

struct code_range {
  char32_t first;
  char32_t last;
};

// Sorted. Blocks without letters, above Latin-1.
constexpr std::array<code_range, 14> separator_ranges{{
    {0x2000, 0x206F},  // general punctuation
    {0x20A0, 0x20CF},  // currency
    {0x2190, 0x2BFF},  // arrows, mathematics, boxes, dingbats
    {0x2E00, 0x2E7F},  // supplemental punctuation
    {0x2FF0, 0x3004},  // ideographic description, CJK punctuation
    {0x3008, 0x3020},
    {0x3030, 0x3030},
    {0x303D, 0x303F},
    {0x30FB, 0x30FB},    // katakana middle dot
    {0xD800, 0xF8FF},    // surrogates, private use
    {0xFE10, 0xFE6F},    // vertical and small forms
    {0xFF5F, 0xFF65},    // half-width CJK punctuation
    {0xFFE0, 0xFFFF},    // full-width signs, specials
    {0x1F000, 0x1FAFF},  // pictographs
}};

constexpr std::array<code_range, 10> east_asian_ranges{{
    {0x1100, 0x11FF},    // hangul letters
    {0x2E80, 0x2FDF},    // radicals
    {0x3005, 0x3007},    // iteration mark, closing mark, zero
    {0x3021, 0x3029},    // Suzhou numerals
    {0x3031, 0x30FF},    // kana
    {0x3100, 0x31FF},    // bopomofo, hangul compatibility, kana extensions
    {0x3400, 0x9FFF},    // Han
    {0xAC00, 0xD7FF},    // hangul syllables
    {0xF900, 0xFAFF},    // Han compatibility
    {0x20000, 0x323AF},  // Han extensions
}};

constexpr std::array<code_range, 4> spaceless_ranges{{
    {0x0E00, 0x0EFF},  // Thai, Lao
    {0x1000, 0x109F},  // Myanmar
    {0x1780, 0x17FF},  // Khmer
    {0xFF66, 0xFFDC},  // half-width kana and hangul
}};

template <std::size_t N>
bool within_ranges(const std::array<code_range, N>& ranges, char32_t code) {
  const auto* after = std::upper_bound(
      ranges.begin(), ranges.end(), code,
      [](char32_t wanted, const code_range& range) { return wanted < range.first; });
  return after != ranges.begin() && code <= std::prev(after)->last;
}

// The base letter of each of U+00C0 to U+017F; a blank is not a letter.
constexpr std::string_view latin_base_letters =
    "aaaaaaaceeeeiiii"   // C0
    "dnooooo ouuuuyts"   // D0
    "aaaaaaaceeeeiiii"   // E0
    "dnooooo ouuuuyty"   // F0
    "aaaaaaccccccccdd"   // 100
    "ddeeeeeeeeeegggg"   // 110
    "gggghhhhiiiiiiii"   // 120
    "iiiijjkkklllllll"   // 130
    "lllnnnnnnnnnoooo"   // 140
    "oooorrrrrrssssss"   // 150
    "ssttttttuuuuuuuu"   // 160
    "uuuuwwyyyzzzzzzs";  // 170
static_assert(latin_base_letters.size() == 0x180 - 0xC0);

bool is_ascii_word(char32_t code) {
  return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') ||
         (code >= 'A' && code <= 'Z');
}

bool is_scalar(char32_t code) {
  return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

char trailing_byte(char32_t code, unsigned shift) {
  return static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
}

}  // namespace

decoded_code_point decode_utf8(std::string_view text, std::size_t at) {
  LIBAGENT_EXPECTS(at < text.size());
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80)
    return {first, 1, true};
  const auto size = utf8_sequence_size(text.substr(at));
  if (size == 0)
    return {replacement_character, 1, false};
  char32_t code = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i)
    code = (code << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  return {code, static_cast<std::uint8_t>(size), true};
}

void append_utf8(std::string& out, char32_t code) {
  if (!is_scalar(code))
    code = replacement_character;
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0U | (code >> 6U)));
    out.push_back(trailing_byte(code, 0));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | (code >> 12U)));
    out.push_back(trailing_byte(code, 6));
    out.push_back(trailing_byte(code, 0));
  } else {
    out.push_back(static_cast<char>(0xF0U | (code >> 18U)));
    out.push_back(trailing_byte(code, 12));
    out.push_back(trailing_byte(code, 6));
    out.push_back(trailing_byte(code, 0));
  }
}

char32_t fold_letter(char32_t code) {
  if (code < 0x80)
    return code >= 'A' && code <= 'Z' ? code + 0x20 : code;
  const auto within = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  if (within(0xC0, 0x17F))
    return static_cast<char32_t>(latin_base_letters[code - 0xC0]);
  if (within(0x300, 0x36F))
    return 0;
  if (within(0x391, 0x3A9) || within(0x410, 0x42F))
    return code + 0x20;  // Greek, Cyrillic
  if (within(0x400, 0x40F))
    return code + 0x50;
  if (within(0xFF01, 0xFF5E))
    return fold_letter(code - 0xFEE0);
  if (code == 0x3000)
    return ' ';
  return code;
}

letter_class classify_letter(char32_t folded) {
  if (folded < 0x80)
    return is_ascii_word(folded) ? letter_class::word : letter_class::separator;
  if (folded < 0xC0) {
    return folded == 0xAA || folded == 0xB5 || folded == 0xBA ? letter_class::word
                                                              : letter_class::separator;
  }
  if (within_ranges(separator_ranges, folded))
    return letter_class::separator;
  if (is_east_asian(folded) || within_ranges(spaceless_ranges, folded))
    return letter_class::unsegmented;
  return letter_class::word;
}

bool is_east_asian(char32_t code) {
  return code >= 0x1100 && within_ranges(east_asian_ranges, code);
}

}  // namespace libagent
