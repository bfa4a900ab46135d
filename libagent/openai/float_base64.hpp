#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Numbers as embeddings have them with `encoding_format` "base64": 32-bit floats, little endian,
/// in standard base64 (RFC 4648) with padding.
[[nodiscard]] std::string to_base64(std::span<const float> numbers);

/// The reverse. Padding may be missing. Absent: other characters, or no whole number of floats.
[[nodiscard]] std::optional<std::vector<float>> floats_from_base64(std::string_view text);

}  // namespace libagent
