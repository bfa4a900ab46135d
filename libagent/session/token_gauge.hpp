#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace libagent {

/// Estimates tokens from bytes, and learns from what providers count.
///
/// Begins with 4 bytes a token, what OpenAI's help names as a rule of thumb for English, less a
/// margin. Thread safety: none.
class token_gauge {
public:
  /// A request of `bytes` came to `tokens`.
  void learn(std::uint64_t bytes, std::uint64_t tokens) {
    if (bytes == 0 || tokens == 0)
      return;
    const auto seen = static_cast<double>(bytes) / static_cast<double>(tokens);
    bytes_per_token_ += weight * (std::clamp(seen, least, most) - bytes_per_token_);
  }

  /// A gauge that trusts one measurement wholly.
  [[nodiscard]] static token_gauge measured(std::uint64_t bytes, std::uint64_t tokens) {
    token_gauge out;
    if (bytes > 0 && tokens > 0) {
      out.bytes_per_token_ =
          std::clamp(static_cast<double>(bytes) / static_cast<double>(tokens), least, most);
    }
    return out;
  }

  /// Rounded up.
  [[nodiscard]] std::uint64_t tokens(std::uint64_t bytes) const {
    return static_cast<std::uint64_t>(std::ceil(static_cast<double>(bytes) / bytes_per_token_));
  }

  [[nodiscard]] std::uint64_t bytes(std::uint64_t tokens) const {
    return static_cast<std::uint64_t>(static_cast<double>(tokens) * bytes_per_token_);
  }

  [[nodiscard]] double bytes_per_token() const { return bytes_per_token_; }

  friend bool operator==(const token_gauge&, const token_gauge&) = default;

private:
  static constexpr double weight = 0.3;
  static constexpr double least = 0.5;
  static constexpr double most = 16;

  double bytes_per_token_ = 3.5;
};

}  // namespace libagent
