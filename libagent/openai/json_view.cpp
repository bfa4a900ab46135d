#include "libagent/base/text.hpp"
#include "libagent/openai/code_point_joiner.hpp"
#include "libagent/openai/json_tape.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace libagent {

namespace {

std::uint32_t hex_unit(std::string_view digits) {
  std::uint32_t unit = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  return unit;
}

constexpr bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

constexpr bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

void append_code_point(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | (point >> 6U));
    put(0x80U | (point & 0x3FU));
  } else {
    // Halves of surrogate pairs come here one by one and are joined later.
    put(0xE0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

/// Appends what the escape at the start of `text` means; returns its size.
std::size_t append_unescaped(std::string& out, std::string_view text) {
  if (text[1] != 'u') {
    out += unescaped(text[1]);
    return 2;
  }
  append_code_point(out, hex_unit(text.substr(2, 4)));
  return 6;
}

/// Appends the escape at the start of `text` as it is, but for half a surrogate pair, which many
/// parsers refuse; returns how much was used.
std::size_t append_valid_escape(std::string& out, std::string_view text) {
  if (text[1] != 'u') {
    out.append(text.substr(0, 2));
    return 2;
  }
  const auto unit = hex_unit(text.substr(2, 4));
  const bool another = text.substr(6, 2) == "\\u";
  if (is_high_surrogate(unit) && another && is_low_surrogate(hex_unit(text.substr(8, 4)))) {
    out.append(text.substr(0, 12));
    return 12;
  }
  if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
    out += "\\ufffd";
  } else {
    out.append(text.substr(0, 6));
  }
  return 6;
}

/// Appends JSON without the white space between its parts.
void append_without_space(std::string& out, std::string_view text) {
  bool in_string = false;
  while (!text.empty()) {
    const char c = text.front();
    if (in_string && c == '\\') {
      text.remove_prefix(append_valid_escape(out, text));
      continue;
    }
    if (c == '"')
      in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t'))
      out += c;
    text.remove_prefix(1);
  }
}

template <class T>
std::optional<T> whole_text_as(std::string_view text) {
  T value{};
  const auto* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

/// A whole number that is spelled with a fraction or an exponent.
std::optional<double> exact_whole(std::optional<double> value) {
  constexpr double exact_max = 9'007'199'254'740'992.0;  // 2^53
  if (!value || std::abs(*value) > exact_max || *value != std::trunc(*value))
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<bool> json_view::boolean() const {
  if (!is(json_tape::kind::boolean))
    return std::nullopt;
  return raw() == "true";
}

std::optional<double> json_view::real() const {
  if (!is_number())
    return std::nullopt;
  return whole_text_as<double>(raw());
}

std::optional<std::int64_t> json_view::integer(std::int64_t low, std::int64_t high) const {
  if (!is_number())
    return std::nullopt;
  auto value = whole_text_as<std::int64_t>(raw());
  if (!value) {
    if (const auto spelled = exact_whole(real()))
      value = static_cast<std::int64_t>(*spelled);
  }
  return value && *value >= low && *value <= high ? value : std::nullopt;
}

std::optional<std::uint64_t> json_view::count() const {
  if (!is_number())
    return std::nullopt;
  if (const auto value = whole_text_as<std::uint64_t>(raw()))
    return value;
  const auto spelled = exact_whole(real());
  return spelled && *spelled >= 0 ? std::optional{static_cast<std::uint64_t>(*spelled)}
                                  : std::nullopt;
}

void json_view::append_text(std::string& out) const {
  if (!is_string())
    return;
  auto text = raw().substr(1, raw().size() - 2);
  if (!here().escaped) {
    out.append(text);
    return;
  }
  while (!text.empty()) {
    const auto plain = std::min(text.find('\\'), text.size());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (!text.empty())
      text.remove_prefix(append_unescaped(out, text));
  }
}

std::string json_view::text() const {
  std::string out;
  append_text(out);
  return to_valid_utf8(out);
}

bool json_view::equals(std::string_view characters) const {
  return is_string() && raw().substr(1, raw().size() - 2) == characters;
}

std::string_view json_view::raw() const {
  if (is_absent())
    return {};
  return tape_->text_.substr(here().begin, here().end - here().begin);
}

std::string json_view::compact() const {
  std::string out;
  out.reserve(raw().size());
  append_without_space(out, raw());
  return to_valid_utf8(out);
}

std::string_view json_view::kind_name() const {
  if (is_absent())
    return "nothing";
  switch (here().what) {
    case json_tape::kind::null: return "null";
    case json_tape::kind::boolean: return "a boolean";
    case json_tape::kind::number: return "a number";
    case json_tape::kind::string: return "a string";
    case json_tape::kind::array: return "an array";
    case json_tape::kind::object: return "an object";
  }
  return "nothing";
}

json_view json_view::find(std::string_view name) const {
  json_view found;
  each_member([&](json_view member, json_view value) {
    if (member.equals(name))
      found = value;
  });
  return found;
}

std::size_t json_view::size() const {
  std::size_t elements = 0;
  each_element([&elements](json_view) { return ++elements, true; });
  each_member([&elements](json_view, json_view) { ++elements; });
  return elements;
}

}  // namespace libagent
