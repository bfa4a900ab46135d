#include "libagent/knowledge/sentence_end.hpp"

#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace libagent {

namespace {

constexpr std::array<std::string_view, 32> abbreviations{
    "al",  "approx", "ca",   "cf",  "ch",   "dept", "dr",  "e.g", "eq",  "esp",  "est",
    "fig", "i.e",    "inc",  "jr",  "ltd",  "max",  "min", "mr",  "mrs", "ms",   "no",
    "nr",  "pp",     "prof", "sec", "sect", "sr",   "st",  "vol", "vs",  "w.r.t"};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_wide_terminator(char32_t code) {
  return code == 0x3002 || code == 0xFF01 || code == 0xFF1F || code == 0xFF61;  // 。！？｡
}

bool is_closing_mark(char32_t code) {
  constexpr std::u32string_view marks = U"\"')]}*_`\u2019\u201D\u300D\u300F\uFF09\u3011\u300B";
  return marks.find(code) != std::u32string_view::npos;
}

std::size_t skip_closing_marks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const auto decoded = decode_utf8(text, at);
    if (!is_closing_mark(decoded.code))
      break;
    at += decoded.length;
  }
  return at;
}

std::string_view word_before(std::string_view text, std::size_t begin, std::size_t dot) {
  auto first = dot;
  while (first > begin && !is_blank(text[first - 1]) && text[first - 1] != '(')
    --first;
  return text.substr(first, dot - first);
}

bool is_abbreviation(std::string_view word) {
  if (word.size() == 1 && word.front() >= 'A' && word.front() <= 'Z')
    return true;  // an initial
  std::string lower{word};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(
        fold_letter(static_cast<unsigned char>(c) < 0x80 ? static_cast<char32_t>(c) : U' '));
  });
  return std::ranges::find(abbreviations, lower) != abbreviations.end();
}

/// Whether `.`, `!` or `?` at `at` ends the sentence, given the first position after it and its
/// closing marks.
bool ends_here(std::string_view text, std::size_t begin, std::size_t at, std::size_t after) {
  if (after < text.size() && !is_blank(text[after]))
    return is_east_asian(decode_utf8(text, after).code);
  auto next = after;
  while (next < text.size() && is_blank(text[next]))
    ++next;
  if (next >= text.size())
    return true;
  if (text[next] >= 'a' && text[next] <= 'z')
    return false;
  return text[at] != '.' || !is_abbreviation(word_before(text, begin, at));
}

}  // namespace

std::size_t find_sentence_end(std::string_view paragraph, std::size_t begin) {
  for (auto at = begin; at < paragraph.size();) {
    const auto decoded = decode_utf8(paragraph, at);
    const auto past = at + decoded.length;
    if (is_wide_terminator(decoded.code))
      return skip_closing_marks(paragraph, past);
    if (decoded.code == '.' || decoded.code == '!' || decoded.code == '?') {
      const auto after = skip_closing_marks(paragraph, past);
      if (ends_here(paragraph, begin, at, after))
        return after;
    }
    at = past;
  }
  return paragraph.size();
}

}  // namespace libagent
