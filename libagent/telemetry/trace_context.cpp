#include "libagent/telemetry/trace_context.hpp"

#include <charconv>
#include <system_error>

namespace libagent {

namespace {

// `00-` trace id `-` span id `-` flags.
constexpr std::size_t traceparent_bytes = 55;
constexpr std::size_t word_digits = 16;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::uint64_t> hex_word(std::string_view digits) {
  std::uint64_t word = 0;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
  if (problem != std::errc{} || end != digits.data() + digits.size() || !is_lower_hex(digits))
    return std::nullopt;
  return word;
}

void append_word(std::string& out, std::uint64_t word) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < word_digits; ++i)
    out += digits[(word >> (60 - 4 * i)) & 0xFU];
}

}  // namespace

std::optional<trace_context> parse_traceparent(std::string_view text) {
  if (text.size() < traceparent_bytes || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  const auto version = text.substr(0, 2);
  if (!is_lower_hex(version) || version == "ff")
    return std::nullopt;
  if (text.size() > traceparent_bytes && (version == "00" || text[traceparent_bytes] != '-'))
    return std::nullopt;
  const auto high = hex_word(text.substr(3, word_digits));
  const auto low = hex_word(text.substr(19, word_digits));
  const auto span = hex_word(text.substr(36, word_digits));
  const auto flags = hex_word(text.substr(53, 2));
  if (!high || !low || !span || !flags || (*high == 0 && *low == 0) || *span == 0)
    return std::nullopt;
  return trace_context{
      .trace_high = *high, .trace_low = *low, .span_id = *span, .sampled = (*flags & 1U) != 0};
}

std::string trace_id_text(const trace_context& context) {
  std::string text;
  append_word(text, context.trace_high);
  append_word(text, context.trace_low);
  return text;
}

std::string span_id_text(std::uint64_t span_id) {
  std::string text;
  append_word(text, span_id);
  return text;
}

std::string make_traceparent(const trace_context& context) {
  std::string text;
  text.reserve(traceparent_bytes);
  text += "00-";
  append_word(text, context.trace_high);
  append_word(text, context.trace_low);
  text += '-';
  append_word(text, context.span_id);
  text += context.sampled ? "-01" : "-00";
  return text;
}

}  // namespace libagent
