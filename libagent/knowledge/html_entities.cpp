#include "libagent/knowledge/html_entities.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace libagent {

namespace {

struct named_entity {
  std::string_view name;
  char32_t code;
};

// Sorted by name, in the order of bytes.
constexpr std::array<named_entity, 67> named_entities{{
    {"Agrave", 0xC0}, {"Auml", 0xC4},    {"Ccedil", 0xC7},  {"Eacute", 0xC9},   {"Ouml", 0xD6},
    {"Uuml", 0xDC},   {"aacute", 0xE1},  {"acirc", 0xE2},   {"agrave", 0xE0},   {"amp", '&'},
    {"apos", '\''},   {"aring", 0xE5},   {"atilde", 0xE3},  {"auml", 0xE4},     {"bull", 0x2022},
    {"ccedil", 0xE7}, {"cent", 0xA2},    {"copy", 0xA9},    {"darr", 0x2193},   {"deg", 0xB0},
    {"eacute", 0xE9}, {"ecirc", 0xEA},   {"egrave", 0xE8},  {"euml", 0xEB},     {"euro", 0x20AC},
    {"frac12", 0xBD}, {"ge", 0x2265},    {"gt", '>'},       {"hellip", 0x2026}, {"iacute", 0xED},
    {"icirc", 0xEE},  {"iuml", 0xEF},    {"laquo", 0xAB},   {"larr", 0x2190},   {"ldquo", 0x201C},
    {"le", 0x2264},   {"lsquo", 0x2018}, {"lt", '<'},       {"mdash", 0x2014},  {"micro", 0xB5},
    {"middot", 0xB7}, {"minus", 0x2212}, {"nbsp", ' '},     {"ndash", 0x2013},  {"ne", 0x2260},
    {"ntilde", 0xF1}, {"oacute", 0xF3},  {"ocirc", 0xF4},   {"oslash", 0xF8},   {"ouml", 0xF6},
    {"para", 0xB6},   {"plusmn", 0xB1},  {"pound", 0xA3},   {"quot", '"'},      {"raquo", 0xBB},
    {"rarr", 0x2192}, {"rdquo", 0x201D}, {"reg", 0xAE},     {"rsquo", 0x2019},  {"sect", 0xA7},
    {"szlig", 0xDF},  {"times", 0xD7},   {"trade", 0x2122}, {"uacute", 0xFA},   {"uarr", 0x2191},
    {"uuml", 0xFC},   {"yen", 0xA5},
}};
static_assert(std::ranges::is_sorted(named_entities, {}, &named_entity::name));

constexpr std::size_t reference_bytes_max = 12;

std::optional<char32_t> numeric_reference(std::string_view digits) {
  auto base = 10;
  if (digits.starts_with('x') || digits.starts_with('X')) {
    base = 16;
    digits.remove_prefix(1);
  }
  std::uint32_t code = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, code, base);
  if (read.ec != std::errc{} || read.ptr != end || code < 0x20)
    return std::nullopt;
  return static_cast<char32_t>(code);
}

}  // namespace

std::optional<html_reference> read_html_reference(std::string_view text) {
  const auto close = text.substr(0, reference_bytes_max).find(';');
  if (close == std::string_view::npos || close < 2)
    return std::nullopt;
  const auto name = text.substr(1, close - 1);
  if (name.front() == '#') {
    const auto code = numeric_reference(name.substr(1));
    return code ? std::optional{html_reference{*code, close + 1}} : std::nullopt;
  }
  const auto* known = std::ranges::lower_bound(named_entities, name, {}, &named_entity::name);
  if (known == named_entities.end() || known->name != name)
    return std::nullopt;
  return html_reference{known->code, close + 1};
}

}  // namespace libagent
