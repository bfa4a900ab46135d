#include "libagent/base/text.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace libagent {

namespace {

struct utf8_lead {
  std::size_t size;          // 0: cannot start a sequence
  unsigned char second_min;  // the second byte's range rules out overlong forms, surrogates
  unsigned char second_max;  // and what lies past U+10FFFF (RFC 3629, section 4)
};

constexpr utf8_lead classify_lead(unsigned char lead) {
  if (lead < 0x80)
    return {1, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF)
    return {2, 0x80, 0xBF};
  if (lead == 0xE0)
    return {3, 0xA0, 0xBF};
  if (lead == 0xED)
    return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF)
    return {3, 0x80, 0xBF};
  if (lead == 0xF0)
    return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3)
    return {4, 0x80, 0xBF};
  if (lead == 0xF4)
    return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

constexpr bool needs_no_escape(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

void append_escaped(std::string& out, unsigned char c) {
  static constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"': out += R"(\")"; break;
    case '\\': out += R"(\\)"; break;
    case '\n': out += R"(\n)"; break;
    case '\r': out += R"(\r)"; break;
    case '\t': out += R"(\t)"; break;
    case '\b': out += R"(\b)"; break;
    case '\f': out += R"(\f)"; break;
    default:
      out += R"(\u00)";
      out += digits[c >> 4U];
      out += digits[c & 0x0FU];
  }
}

}  // namespace

std::size_t utf8_sequence_size(std::string_view text) {
  if (text.empty())
    return 0;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = classify_lead(byte(0));
  if (lead.size <= 1)
    return lead.size;
  if (text.size() < lead.size || byte(1) < lead.second_min || byte(1) > lead.second_max)
    return 0;
  for (std::size_t i = 2; i < lead.size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U)
      return 0;
  }
  return lead.size;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && needs_no_escape(static_cast<unsigned char>(text[plain])))
      ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty())
      break;
    const auto size = utf8_sequence_size(text);
    if (size > 1) {
      out.append(text.substr(0, size));
    } else if (size == 1) {
      append_escaped(out, static_cast<unsigned char>(text.front()));
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  auto end = bytes_max;
  // At most three steps back to a lead byte; what is not UTF-8 at all is cut where it is.
  for (std::size_t back = 0; back < 3 && end > 0; ++back) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U)
      return text.substr(0, end);
    --end;
  }
  return text.substr(0, end);
}

std::string quoted_excerpt(std::string_view text, std::size_t bytes_max) {
  const auto shown = utf8_prefix(text, bytes_max);
  std::string out;
  append_quoted(out, shown);
  if (shown.size() < text.size())
    out.insert(out.size() - 1, "...");
  return out;
}

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    parts.push_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

std::string number_text(double value) {
  LIBAGENT_EXPECTS(std::isfinite(value));
  constexpr double exact_max = 9'007'199'254'740'992.0;  // 2^53
  std::array<char, 32> buffer{};
  auto* const last = buffer.data() + buffer.size();
  if (value == 0 && std::signbit(value)) {
    return "-0.0";  // "-0" would be read as the integer 0 and lose its sign
  }
  const bool is_whole = std::abs(value) <= exact_max && value == std::trunc(value);
  const auto done = is_whole ? std::to_chars(buffer.data(), last, static_cast<std::int64_t>(value))
                             : std::to_chars(buffer.data(), last, value);
  return {buffer.data(), done.ptr};
}

}  // namespace libagent
