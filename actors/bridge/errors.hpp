#pragma once

/// The only conversions between the errors of the core and those of CAF.

#include "actors/protocol/types.hpp"
#include "libagent/base/error.hpp"
#include "libagent/base/expected.hpp"

#include <caf/error.hpp>
#include <caf/result.hpp>

#include <utility>

namespace libagent::actors {

/// Keeps code and context. `errc::ok` gives CAF's "no error".
[[nodiscard]] caf::error to_caf_error(const error& err);

/// The reverse of `to_caf_error`; errors that CAF makes itself are translated:
///
/// | CAF | code |
/// |---|---|
/// | request_timeout | deadline_exceeded |
/// | request_receiver_down, broken_promise, unreachable nodes, exit reasons, no error at all |
/// unavailable | | invalid_argument (a null handle), unexpected_message | invalid_argument | |
/// runtime_error (an actor threw) and all else | internal, with the text of the exception |
[[nodiscard]] error from_caf_error(const caf::error& err);

/// Answers a request with what the core returned.
template <class T>
[[nodiscard]] caf::result<T> to_caf_result(expected<T> outcome) {
  if (!outcome) {
    return to_caf_error(outcome.error());
  }
  return caf::result<T>{std::move(outcome).value()};
}

/// Answers a request that has nothing to return.
[[nodiscard]] caf::result<void> to_caf_result(const expected<void>& outcome);

}  // namespace libagent::actors
