#pragma once

#include "libagent/knowledge/text_kind.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace libagent {

/// Whether a directory of this name is worth walking into: not when hidden, a dependency store or
/// a build tree.
[[nodiscard]] bool is_indexed_directory(std::string_view name);

/// What a file of this name holds, as far as the name tells; empty when it is hidden or of a kind
/// that is never text (images, archives, objects, databases). Unknown names count as plain text:
/// `looks_binary` has the last word.
[[nodiscard]] std::optional<text_kind> kind_of_file_name(std::string_view name);

/// Whether these first bytes of a file show that it is not text: a NUL, or more than one byte in
/// twenty that is a control character or no valid UTF-8.
[[nodiscard]] bool looks_binary(std::string_view head);

/// How much of a file `looks_binary` should be given.
inline constexpr std::size_t binary_probe_bytes = 8192;

}  // namespace libagent
