#include "libagent/knowledge/line_marks.hpp"

#include "libagent/base/text.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <array>

namespace libagent {

namespace {

constexpr std::string_view blanks = " \t\r\f\v";
constexpr std::size_t title_bytes_max = 160;

std::size_t run_length(std::string_view text, char wanted) {
  const auto end = text.find_first_not_of(wanted);
  return end == std::string_view::npos ? text.size() : end;
}

bool has_markup(text_kind kind) {
  return kind == text_kind::markdown || kind == text_kind::html;
}

std::size_t numbered_marker_length(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
    ++digits;
  if (digits == 0 || digits + 1 >= text.size())
    return 0;
  const auto closes = text[digits] == '.' || text[digits] == ')';
  return closes && blanks.find(text[digits + 1]) != std::string_view::npos ? digits + 1 : 0;
}

}  // namespace

std::string_view trim_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<heading_mark> hash_heading(std::string_view line, text_kind kind) {
  if (!has_markup(kind) || !line.starts_with('#'))
    return std::nullopt;
  const auto level = run_length(line, '#');
  if (level > 6 || level == line.size() || blanks.find(line[level]) == std::string_view::npos)
    return std::nullopt;
  auto title = trim_blanks(line.substr(level));
  while (title.ends_with('#'))
    title = trim_blanks(title.substr(0, title.size() - 1));
  if (title.empty())
    return std::nullopt;
  return heading_mark{level, utf8_prefix(title, title_bytes_max)};
}

std::optional<std::size_t> underlined_heading(std::string_view above, std::string_view underline,
                                              text_kind kind) {
  if (kind == text_kind::html || kind == text_kind::source)
    return std::nullopt;
  underline = trim_blanks(underline);
  const auto title = trim_blanks(above);
  if (underline.size() < 3 || title.empty() || title.size() > title_bytes_max ||
      is_decoration(title) || title.starts_with('|') || list_item(above).is_item)
    return std::nullopt;
  constexpr std::string_view levels = "=-~^";
  const auto level = levels.find(underline.front());
  if (level == std::string_view::npos ||
      run_length(underline, underline.front()) != underline.size())
    return std::nullopt;
  return level + 1;
}

bool is_code_fence(std::string_view line, text_kind kind) {
  if (!has_markup(kind))
    return false;
  const auto text = trim_blanks(line);
  return text.starts_with("```") || text.starts_with("~~~");
}

list_item_mark list_item(std::string_view line) {
  const auto indent = line.find_first_not_of(blanks);
  if (indent == std::string_view::npos)
    return {};
  const auto text = line.substr(indent);
  constexpr std::array<std::string_view, 7> bullets{
      "- ", "* ", "+ ", "\xE2\x80\xA2", "\xC2\xB7", "\xE2\x80\x93 ", "-\t"};
  for (const auto bullet : bullets) {
    if (text.starts_with(bullet))
      return {indent + bullet.size(), true};
  }
  if (const auto length = numbered_marker_length(text); length > 0)
    return {indent + length, true};
  if (text.size() > 1 && text[0] == '-' && !is_decoration(text))
    return {indent, true};  // an option in a help text: the dash belongs to it
  return {};
}

bool is_decoration(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const auto decoded = decode_utf8(line, at);
    if (classify_letter(fold_letter(decoded.code)) != letter_class::separator)
      return false;
    at += decoded.length;
  }
  return true;
}

std::optional<std::string_view> comment_words(std::string_view line) {
  auto text = trim_blanks(line);
  constexpr std::array<std::string_view, 10> markers{"//", "/*", "#",      "* ",   "--",
                                                     ";",  "%",  R"(""")", "<!--", "(*"};
  const auto* marker = std::ranges::find_if(
      markers, [text](std::string_view candidate) { return text.starts_with(candidate); });
  if (marker == markers.end() && text != "*" && text != "*/")
    return std::nullopt;
  if (text.starts_with("#include") || text.starts_with("#define") || text.starts_with("#if") ||
      text.starts_with("#e") || text.starts_with("#pragma") || text.starts_with("#undef"))
    return std::nullopt;  // the preprocessor's lines only look like a comment of other languages
  const auto first = text.find_first_not_of("/*#;-%\"<!( \t");
  if (first == std::string_view::npos)
    return std::string_view{};
  text.remove_prefix(first);
  for (const std::string_view closing : {"*/", "-->", R"(""")"}) {
    if (text.ends_with(closing))
      text = trim_blanks(text.substr(0, text.size() - closing.size()));
  }
  return text;
}

}  // namespace libagent
