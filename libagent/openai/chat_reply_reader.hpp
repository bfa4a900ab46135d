#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/chat.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libagent {

/// How a model's reply is read.
struct chat_reply_options {
  std::size_t reply_bytes_max = 16U << 20U;     ///< Text, reasoning and arguments together.
  std::size_t calls_max = 128;                  ///< Tool calls in one reply.
  std::size_t arguments_bytes_max = 1U << 20U;  ///< Of one call.
  std::size_t event_bytes_max = 4U << 20U;      ///< Of one event of a stream.
  /// Size of what was sent; from it prompt tokens are estimated when the provider tells no usage.
  std::size_t request_bytes = 0;
  /// Ids for calls that come without one are drawn from this; give each call of a model another,
  /// so that they are unique in their conversation.
  std::uint64_t id_seed = 0;
};

/// Reads the body of a reply that was not streamed.
///
/// Lenient: what a server leaves out or adds does not matter as long as the message is there. Of
/// several choices the first counts. Calls without an id, or with one that another call has, get a
/// new one; and whether there are calls decides on `finish`, not what the server says about it.
/// Errors: as `read_provider_error` for a body with an `error` in it; errc::corrupt for anything
/// that is not a reply; errc::too_large past the limits.
[[nodiscard]] expected<chat_reply> read_chat_reply(std::string_view body,
                                                   const chat_reply_options& options = {});

/// A rough count for text whose tokens nobody counted: four bytes make one.
[[nodiscard]] constexpr std::uint64_t estimated_tokens(std::size_t bytes) {
  return (bytes + 3) / 4;
}

}  // namespace libagent
