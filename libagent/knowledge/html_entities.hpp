#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace libagent {

/// A character reference of HTML and its length with `&` and `;`.
struct html_reference {
  char32_t code = 0;
  std::size_t length = 0;
};

/// Reads the reference at the start of `text`, which begins with `&`; empty when there is none or
/// its name is not among the usual ones.
[[nodiscard]] std::optional<html_reference> read_html_reference(std::string_view text);

}  // namespace libagent
