#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace libagent {

/// SHA-256 (FIPS 180-4). Thread safety: any thread.
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view bytes);

}  // namespace libagent
