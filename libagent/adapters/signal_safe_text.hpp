#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace libagent {

/// Text that is put together in a signal handler: a buffer of fixed size, no allocation, no locale.
/// What does not fit is left out. Thread safety: none.
class signal_safe_text {
public:
  signal_safe_text& add(std::string_view text) {
    const auto taken = std::min(text.size(), buffer_.size() - size_);
    std::memcpy(buffer_.data() + size_, text.data(), taken);
    size_ += taken;
    return *this;
  }

  /// With every control character as a question mark, so that it stays on its line.
  signal_safe_text& add_on_one_line(std::string_view text) {
    for (const char c : text) {
      const bool is_control = static_cast<unsigned char>(c) < 0x20U || c == 0x7F;
      add(is_control ? std::string_view{"?"} : std::string_view{&c, 1});
    }
    return *this;
  }

  signal_safe_text& add_number(std::uint64_t value, unsigned base = 10) {
    std::array<char, 20> digits{};
    std::size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    return add({digits.data() + first, digits.size() - first});
  }

  /// The canonical form of a task id.
  signal_safe_text& add_id(std::span<const std::uint8_t, 16> id) {
    for (std::size_t i = 0; i < id.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10)
        add("-");
      add_number(id[i] >> 4U, 16).add_number(id[i] & 0x0FU, 16);
    }
    return *this;
  }

  [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }

private:
  std::array<char, 512> buffer_{};
  std::size_t size_ = 0;
};

}  // namespace libagent
