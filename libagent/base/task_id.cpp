#include "libagent/base/task_id.hpp"

#include <cstddef>
#include <string_view>

namespace libagent {

namespace {

constexpr bool has_dash_before(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

}  // namespace

task_id make_task_id(unix_millis now, std::uint64_t random_high, std::uint64_t random_low) {
  task_id id;
  const auto millis = static_cast<std::uint64_t>(now);
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(millis >> (8U * (5U - i)));
  id.bytes[6] = static_cast<std::uint8_t>(0x70U | ((random_high >> 8U) & 0x0FU));
  id.bytes[7] = static_cast<std::uint8_t>(random_high);
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[8 + i] = static_cast<std::uint8_t>(random_low >> (8U * (7U - i)));
  id.bytes[8] = static_cast<std::uint8_t>(0x80U | (id.bytes[8] & 0x3FU));
  return id;
}

std::string to_string(const task_id& id) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (has_dash_before(i))
      text += '-';
    text += digits[id.bytes[i] >> 4U];
    text += digits[id.bytes[i] & 0x0FU];
  }
  return text;
}

std::optional<task_id> task_id_from_string(std::string_view text) {
  if (text.size() != 36)
    return std::nullopt;
  task_id id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (has_dash_before(i) && text[at++] != '-')
      return std::nullopt;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return id;
}

}  // namespace libagent
