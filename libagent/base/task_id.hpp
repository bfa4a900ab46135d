#pragma once

#include "libagent/base/time.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Names one task: a UUID version 7 (RFC 9562), so ids sort by the time of acceptance.
///
/// A default-constructed id is nil and names nothing.
struct task_id {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_nil() const { return *this == task_id{}; }

  friend auto operator<=>(const task_id&, const task_id&) = default;
};

/// Builds a version 7 id from the wall-clock time and 74 of the 128 given random bits.
[[nodiscard]] task_id make_task_id(unix_millis now, std::uint64_t random_high,
                                   std::uint64_t random_low);

/// The canonical 36-character lower-case form.
[[nodiscard]] std::string to_string(const task_id& id);

/// Accepts only the canonical form (either case); empty for anything else.
[[nodiscard]] std::optional<task_id> task_id_from_string(std::string_view text);

}  // namespace libagent

template <>
struct std::hash<libagent::task_id> {
  std::size_t operator()(const libagent::task_id& id) const noexcept {
    // The last eight bytes are random but for two bits, which is hash enough for a table.
    std::uint64_t low = 0;
    for (std::size_t i = 8; i < 16; ++i) {
      low = (low << 8U) | id.bytes[i];
    }
    return static_cast<std::size_t>(low);
  }
};
