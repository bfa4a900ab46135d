#include "libagent/openai/code_point_joiner.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace libagent {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

std::size_t size_from_lead(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF)
    return 2;
  if (lead >= 0xE0 && lead <= 0xEF)
    return 3;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/// Whether a second byte leaves out what is overlong or past U+10FFFF (RFC 3629); those of
/// surrogates are let through.
bool is_second(unsigned char lead, unsigned char second) {
  const auto low = lead == 0xE0 ? 0xA0 : (lead == 0xF0 ? 0x90 : 0x80);
  const auto high = lead == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high;
}

/// Whether more bytes could make a character, or a surrogate, of all of `text`.
bool is_start_of_character(std::string_view text) {
  if (text.empty() || text.size() >= size_from_lead(byte_at(text, 0)))
    return false;
  if (text.size() > 1 && !is_second(byte_at(text, 0), byte_at(text, 1)))
    return false;
  return text.size() < 3 || (byte_at(text, 2) & 0xC0U) == 0x80U;
}

/// The UTF-16 unit in the three bytes at the start of `text`, when it is half of a pair; else 0.
std::uint32_t surrogate_at(std::string_view text) {
  if (text.size() < 3 || byte_at(text, 0) != 0xED || byte_at(text, 1) < 0xA0 ||
      byte_at(text, 1) > 0xBF || (byte_at(text, 2) & 0xC0U) != 0x80U)
    return 0;
  return 0xD000U | ((byte_at(text, 1) & 0x3FU) << 6U) | (byte_at(text, 2) & 0x3FU);
}

/// What can be done with the bytes at the start of a text that is not valid there.
struct repair {
  std::size_t used = 0;  ///< 0: wait for more.
  std::uint32_t point = 0xFFFD;
};

repair repaired(std::string_view text) {
  if (is_start_of_character(text))
    return {};
  const auto high = surrogate_at(text);
  if (high == 0)
    return {.used = 1};
  if (high >= 0xDC00)
    return {.used = 3};
  const auto rest = text.substr(3);
  if (const auto low = surrogate_at(rest); low >= 0xDC00)
    return {.used = 6, .point = 0x10000U + ((high - 0xD800U) << 10U) + (low - 0xDC00U)};
  const bool may_follow = rest.empty() || (byte_at(rest, 0) == 0xED && rest.size() < 3 &&
                                           (rest.size() < 2 || byte_at(rest, 1) >= 0xB0) &&
                                           (rest.size() < 2 || byte_at(rest, 1) <= 0xBF));
  return {.used = may_follow ? 0U : 3U};
}

void append_repaired(std::string& out, std::uint32_t point) {
  if (point < 0x10000U) {
    out += replacement;
    return;
  }
  out += static_cast<char>(0xF0U | (point >> 18U));
  out += static_cast<char>(0x80U | ((point >> 12U) & 0x3FU));
  out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
  out += static_cast<char>(0x80U | (point & 0x3FU));
}

/// Appends all that is whole; returns the rest.
std::string_view append_whole(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t valid = 0;
    while (valid < text.size()) {
      const auto size = byte_at(text, valid) < 0x80 ? 1 : utf8_sequence_size(text.substr(valid));
      if (size == 0)
        break;
      valid += size;
    }
    out.append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty())
      break;
    const auto step = repaired(text);
    if (step.used == 0)
      break;
    append_repaired(out, step.point);
    text.remove_prefix(step.used);
  }
  return text;
}

}  // namespace

void code_point_joiner::add(std::string_view piece, std::string& out) {
  if (kept_.empty()) {
    kept_ = append_whole(out, piece);
    return;
  }
  kept_.append(piece);
  kept_.erase(0, kept_.size() - append_whole(out, kept_).size());
}

void code_point_joiner::flush(std::string& out) {
  if (!kept_.empty())
    out += replacement;
  kept_.clear();
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  code_point_joiner joiner;
  joiner.add(text, out);
  joiner.flush(out);
  return out;
}

}  // namespace libagent
