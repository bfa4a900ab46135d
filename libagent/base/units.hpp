#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace libagent {

/// A number of bytes. A type of its own, so that people can write "64MiB" where one is wanted.
struct byte_size {
  std::uint64_t bytes = 0;

  friend auto operator<=>(const byte_size&, const byte_size&) = default;
};

[[nodiscard]] constexpr byte_size kibibytes(std::uint64_t count) {
  return {count << 10U};
}

[[nodiscard]] constexpr byte_size mebibytes(std::uint64_t count) {
  return {count << 20U};
}

[[nodiscard]] constexpr byte_size gibibytes(std::uint64_t count) {
  return {count << 30U};
}

/// The largest size that is understood, 1 EiB: sums of a few cannot overflow.
inline constexpr byte_size byte_size_max{std::uint64_t{1} << 60U};

/// Reads "64MiB", "1.5GB", "10 kB" or plain bytes: "65536". Units: B; kB, MB, GB, TB (powers of
/// 1000); KiB, MiB, GiB, TiB (powers of 1024); upper and lower case are the same.
///
/// At most three decimals, and a whole number of bytes. Errors: `invalid_argument`, with the units.
[[nodiscard]] expected<byte_size> parse_byte_size(std::string_view text);

/// The exact size in the largest binary unit that has no remainder: "64MiB", "1500000".
[[nodiscard]] std::string to_string(byte_size size);

/// Reads "250ms", "5s", "1.5m", "2h", "30d", also "10us" and "0". Only zero goes without a unit.
///
/// At most three decimals, and 100 years. Errors: `invalid_argument`, with the units.
[[nodiscard]] expected<duration> parse_duration(std::string_view text);

/// The exact duration in the largest unit that has no remainder: "100ms", "90s", "1h".
[[nodiscard]] std::string duration_text(duration length);

}  // namespace libagent
