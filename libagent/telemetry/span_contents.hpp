#pragma once

/// What was said, in the shape of OpenTelemetry's attributes for generative AI (semantic
/// conventions 1.41): JSON texts for spans that may carry contents.

#include "libagent/models/chat.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace libagent {

/// `gen_ai.input.messages`: the latest messages that fit into `bytes_max` bytes of JSON, in order.
/// A text of more than half of that is cut, with a note.
[[nodiscard]] std::string input_messages_text(std::span<const chat_message> messages,
                                              std::size_t bytes_max);

/// `gen_ai.output.messages`: a reply, cut in the same way; an empty list when it does not fit.
[[nodiscard]] std::string output_messages_text(const chat_message& reply, finish_reason finish,
                                               std::size_t bytes_max);

}  // namespace libagent
