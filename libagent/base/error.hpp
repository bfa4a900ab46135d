#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// What a caller can branch on. Numbers are append-only: they reach journals and the wire.
enum class errc : std::uint8_t {
  ok = 0,  ///< Not an error; only there because CAF wants a falsy zero.
  invalid_argument = 1,
  not_found,
  deadline_exceeded,
  cancelled,
  overloaded,
  unavailable,  ///< A part that the answer depends on is down or restarting; trying again may help.
  too_large,
  tool_failed,
  already_exists,
  io_failed,
  corrupt,
  unsupported,
  internal,
  rate_limited,       ///< This client alone asks for more than its share; others are served.
  crashed,            ///< The work took the process or the executor that ran it down.
  key_reused,         ///< An idempotency key that was used for something else.
  unauthenticated,    ///< No key, or one that is not known.
  permission_denied,  ///< The key is known and may not do this.
  budget_exceeded,    ///< Out of money or tokens; waiting a little does not help.
  context_too_long,   ///< More than a model's window holds.
};

/// The stable spelling used in JSON, logs and metrics, for example `deadline_exceeded`.
[[nodiscard]] std::string to_string(errc code);

/// The reverse of `to_string`; empty when `text` is not the name of a code.
[[nodiscard]] std::optional<errc> errc_from_string(std::string_view text);

/// An expected failure: a code to branch on, and one sentence part for a person.
///
/// Context is "what was tried: what came back", without capital, full stop, secrets or prompt text.
struct error {
  errc code = errc::internal;
  std::string context;
  /// When trying again makes sense, counted from now; absent where it is not known or never does.
  // NOLINTNEXTLINE(readability-redundant-member-init): lets users of -Wextra leave it out
  std::optional<std::chrono::milliseconds> retry_after{};

  friend bool operator==(const error&, const error&) = default;
};

/// "code: context", for logs and terminals.
[[nodiscard]] std::string to_string(const error& err);

}  // namespace libagent
