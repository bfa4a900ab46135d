#pragma once

#include "libagent/session/conversation_entry.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Entries in one block of bytes, which takes little more than their texts: for conversations that
/// nobody reads at present. Not a format to be stored.
[[nodiscard]] std::string pack_entries(std::span<const conversation_entry> entries);

/// @pre `packed` is what `pack_entries` made.
[[nodiscard]] std::vector<conversation_entry> unpack_entries(std::string_view packed);

}  // namespace libagent
