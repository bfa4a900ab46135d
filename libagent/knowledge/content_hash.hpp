#pragma once

#include <cstdint>
#include <string_view>

namespace libagent {

/// A 64-bit hash that tells changed content from unchanged, the same on every machine of one byte
/// order. Not for secrets: whoever wants a collision can make one.
[[nodiscard]] std::uint64_t content_hash(std::string_view bytes);

}  // namespace libagent
