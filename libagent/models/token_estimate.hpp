#pragma once

#include "libagent/models/chat.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libagent {

/// About how many tokens a text is, from its bytes alone. Errs on the high side: usual tokenizers
/// make three to four and a half bytes of prose or code into a token, less of few languages.
[[nodiscard]] std::uint64_t estimate_tokens(std::string_view text);

/// The same for all that a model reads in a call: messages with what frames them, tools, schema.
[[nodiscard]] std::uint64_t estimate_prompt_tokens(const chat_request& request);

}  // namespace libagent
