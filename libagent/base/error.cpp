#include "libagent/base/error.hpp"

#include <array>
#include <cstddef>

namespace libagent {

namespace {

constexpr std::array<std::string_view, 21> names{
    "ok",
    "invalid_argument",
    "not_found",
    "deadline_exceeded",
    "cancelled",
    "overloaded",
    "unavailable",
    "too_large",
    "tool_failed",
    "already_exists",
    "io_failed",
    "corrupt",
    "unsupported",
    "internal",
    "rate_limited",
    "crashed",
    "key_reused",
    "unauthenticated",
    "permission_denied",
    "budget_exceeded",
    "context_too_long",
};

}  // namespace

std::string to_string(errc code) {
  const auto index = static_cast<std::size_t>(code);
  return std::string{index < names.size() ? names[index] : "unknown"};
}

std::optional<errc> errc_from_string(std::string_view text) {
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (names[index] == text)
      return static_cast<errc>(index);
  }
  return std::nullopt;
}

std::string to_string(const error& err) {
  if (err.context.empty())
    return to_string(err.code);
  return to_string(err.code) + ": " + err.context;
}

}  // namespace libagent
