#include "libagent/openai/chat_reply_reader.hpp"

#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/provider_error.hpp"
#include "libagent/openai/reply_builder.hpp"

namespace libagent {

expected<chat_reply> read_chat_reply(std::string_view body, const chat_reply_options& options) {
  constexpr std::size_t body_bytes_max = 64U << 20U;
  json_tape tape{{.bytes_max = body_bytes_max}, json_tape::text_rule::keep};
  if (auto done = tape.read(body); !done) {
    const bool too_large = done.error().code == errc::too_large;
    return error{too_large ? errc::too_large : errc::corrupt,
                 "read model reply: " + done.error().context};
  }
  if (const auto problem = tape.root().find("error"); problem.has_value())
    return read_error_value(problem).failure;
  if (tape.root().find("choices").size() == 0)
    return error{errc::corrupt, "read model reply: it has no choices"};
  reply_builder builder{options};
  if (auto done = builder.add(tape.root(), "message"); !done)
    return done.error();
  return builder.finish();
}

}  // namespace libagent
