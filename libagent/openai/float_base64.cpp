#include "libagent/openai/float_base64.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace libagent {

namespace {

constexpr std::string_view digits64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> make_values64() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < digits64.size(); ++i)
    values[static_cast<unsigned char>(digits64[i])] = static_cast<std::uint8_t>(i);
  return values;
}

constexpr auto values64 = make_values64();

std::string_view without_padding(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i)
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::string to_base64(std::span<const float> numbers) {
  std::string out;
  out.reserve(numbers.size() * sizeof(float) * 4 / 3 + 4);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const float number : numbers) {
    const auto word = std::bit_cast<std::uint32_t>(number);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      pending = (pending << 8U) | ((word >> shift) & 0xFFU);
      for (bits += 8; bits >= 6; bits -= 6)
        out += digits64[(pending >> (bits - 6)) & 0x3FU];
    }
  }
  if (bits > 0)
    out += digits64[(pending << (6 - bits)) & 0x3FU];
  while (out.size() % 4 != 0)
    out += '=';
  return out;
}

std::optional<std::vector<float>> floats_from_base64(std::string_view text) {
  const auto digits = without_padding(text);
  const auto bytes = digits.size() * 6 / 8;
  if (digits.size() % 4 == 1 || bytes % sizeof(float) != 0)
    return std::nullopt;
  std::vector<float> out;
  out.reserve(bytes / sizeof(float));
  std::uint32_t pending = 0;
  std::uint32_t word = 0;
  unsigned bits = 0;
  unsigned filled = 0;
  for (const char c : digits) {
    const auto value = values64[static_cast<unsigned char>(c)];
    if (value == no_digit)
      return std::nullopt;
    pending = (pending << 6U) | value;
    bits += 6;
    if (bits < 8)
      continue;
    bits -= 8;
    word |= ((pending >> bits) & 0xFFU) << filled;
    filled += 8;
    if (filled == 32) {
      out.push_back(std::bit_cast<float>(word));
      word = 0;
      filled = 0;
    }
  }
  return out;
}

}  // namespace libagent
